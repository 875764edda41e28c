// Where the thread of a fuzz run begins: Node 20 takes no TypeScript as a worker's first file, and no loader from its parent.

import { register } from "tsx/esm/api";

register();
await import("./worker.ts");
