// What the types of @jax-js/loaders name, and the library of ES2023 does not have: as much of it as tests use.

interface Float16Array extends Iterable<number>, ArrayBufferView {}
