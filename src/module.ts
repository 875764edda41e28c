/**
 * A trained model as one JavaScript module, for inference without xent.
 *
 * @module xent/module
 */

export { exportModule } from "./model/export-module.ts";
export { moduleTypes } from "./model/module-text.ts";
