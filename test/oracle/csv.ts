// RFC 4180 as a machine of three states, a character at a time, and a writer. It shares nothing with the reader.

/** Cells of all rows, as they stand there; line ends are \n, \r\n or \r. */
export function parseCsv(text: string, delimiter = ",", quote = '"'): string[][] {
  const rows: string[][] = [];
  let [row, cell, state] = [[] as string[], "", "begin" as "begin" | "bare" | "quoted"];
  for (let i = 0; i <= text.length; i++) {
    const letter = text[i];
    if (state === "quoted" && letter !== undefined) {
      if (letter !== quote) cell += letter;
      else if (text[i + 1] === quote) cell += text[++i];
      else state = "bare";
    } else if (letter === quote && state === "begin") state = "quoted";
    else if (letter === delimiter || letter === "\n" || letter === "\r" || letter === undefined) {
      row.push(cell);
      [cell, state] = ["", "begin"];
      if (letter === delimiter) continue;
      if (letter === "\r" && text[i + 1] === "\n") i++;
      if (letter !== undefined || row.length > 1 || row[0] !== "") rows.push(row);
      row = [];
    } else [cell, state] = [cell + letter, "bare"];
  }
  return rows;
}

/** Rows as text: quoted where they must be. */
export function writeCsv(
  rows: readonly (readonly string[])[],
  { delimiter = ",", quote = '"', newline = "\n", last = true } = {},
): string {
  const cell = (text: string): string => {
    const must = [delimiter, quote, "\n", "\r"].some((each) => text.includes(each));
    return must ? quote + text.replaceAll(quote, quote + quote) + quote : text;
  };
  return rows.map((row) => row.map(cell).join(delimiter)).join(newline) + (last ? newline : "");
}
