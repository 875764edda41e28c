// AssemblyScript transform: keeps Binaryen from inlining our functions into one another. Kernels stay
// separate functions called many times (V8 never replaces a running WASM frame); what must be inlined is a
// static `@inline` method in assembly/lib, which asc itself inlines before this runs.
import binaryen from "assemblyscript/binaryen";
import { Transform } from "assemblyscript/transform";

export default class NoInline extends Transform {
  afterCompile(module) {
    binaryen.setPassArgument("no-inline", "assembly/*");
    module.runPasses(["no-inline"]);
  }
}
