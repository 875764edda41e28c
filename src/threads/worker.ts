// The worker's file of a thread of a crew, of the least code, as each thread loads it for itself.

import type { News, Start } from "./control.ts";
import { member } from "./member.ts";
import { port } from "./port.ts";

const { post, listen } = port();
const take = member(post);
listen((message) => take(message as Start | News));
