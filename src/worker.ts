/**
 * The worker in which a hosted runtime lives. `hosted` starts it; nothing is exported.
 *
 * @module xent/worker
 */

import { host } from "./model/hosting.ts";
import { port } from "./threads/port.ts";

const { post, listen } = port();
listen(host(post));
