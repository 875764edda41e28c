// The browser's next picture, to be waited for.

export function nextPicture(): Promise<unknown> {
  return new Promise((done) => requestAnimationFrame(done));
}
