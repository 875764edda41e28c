// The tests run every build on every Node.

import "../tools/relaxed-simd.ts";
