// The command line that goes on with an interrupted run, as it can be pasted into a shell.

/** How a script of npm may call the command, and what it gives it. */
const SCRIPT = /(?:^|[ /])(?:xent|cli\/main\.js)((?: .*)?)$/;

/** @param args  behind the command's name, as they came */
export function resumeCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string {
  const { npm_lifecycle_event: script, npm_lifecycle_script: text = "" } = env;
  const found = SCRIPT.exec(text);
  // what stands in the script itself is not to be said again
  const own = found === null ? [] : (found[1] ?? "").split(" ").filter((each) => each !== "");
  const byScript = script !== undefined && found !== null && own.every((each, i) => each === args[i]);
  const rest = args
    .slice(byScript ? own.length : 0)
    .filter(
      (each, i, all) =>
        !/^--(?:(?:no-)?resume$|stop-after-epoch)/.test(each) && all[i - 1] !== "--stop-after-epoch",
    );
  const start = !byScript ? "xent" : script === "start" ? "npm start --" : `npm run ${script} --`;
  return [start, ...rest.map(quoted), "--resume"].join(" ");
}

function quoted(text: string): string {
  return /^[\w./:=,+@%-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
