// Rules on what the project is built from and what it brings to users, each a list of what breaks it. supply.test.ts holds them against the
// tree, and against samples that they must refuse.

export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly inBundle?: boolean;
}

export interface Lock {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, Locked & Manifest>>;
}

/** Each dependency is one version, of the registry. */
export function loose(manifest: Manifest): string[] {
  return Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => `${name} is ${version}, expected one version`);
}

/** The lock is of this manifest, and each package in it is told by the hash of its tarball, wherever that comes from. */
export function unlocked(manifest: Manifest, lock: Lock): string[] {
  const { "": root = {}, ...packages } = lock.packages;
  const problems: string[] = [];
  if (lock.lockfileVersion !== 3)
    problems.push(`the lock has version ${lock.lockfileVersion}, expected 3: npm 7 to 11 read it alike`);
  for (const kind of ["dependencies", "devDependencies"] as const) {
    const told = JSON.stringify(sorted(manifest[kind]));
    if (JSON.stringify(sorted(root[kind])) !== told)
      problems.push(`${kind} of the lock are not the manifest's`);
    for (const [name, version] of Object.entries(manifest[kind] ?? {})) {
      const locked = packages[`node_modules/${name}`]?.version;
      if (locked !== version) problems.push(`${name} is locked at ${locked}, expected ${version}`);
    }
  }
  for (const [path, { integrity, resolved, inBundle }] of Object.entries(packages)) {
    // one that travels inside another package's tarball is told by that one's hash
    if (inBundle !== true && !/^sha512-[\w+/]{86}==$/.test(integrity ?? ""))
      problems.push(`${path} has no SHA-512`);
    if (resolved !== undefined) problems.push(`${path} is bound to an address, ${resolved}`);
  }
  return problems;
}

/** What runs while a user installs xent: a script of our own, or of a package that comes along. */
export function runsAtInstall(manifest: Manifest, lock: Lock): string[] {
  const own = ["preinstall", "install", "postinstall"].filter(
    (name) => manifest.scripts?.[name] !== undefined,
  );
  return [
    ...own.map((name) => `our own ${name}`),
    ...shipped(lock).filter((path) => lock.packages[path]?.hasInstallScript),
  ];
}

/** Those that a user gets: all that are not for development alone. */
export function shipped(lock: Lock): string[] {
  return Object.keys(lock.packages).filter((path) => path !== "" && lock.packages[path]?.dev !== true);
}

/** Licences that ask for no more than a notice (MPL-2.0: and for changes to its files), by their SPDX names. */
const TAKEN = new Set(
  "MIT ISC 0BSD BSD-2-Clause BSD-3-Clause Apache-2.0 BlueOak-1.0.0 Python-2.0 CC-BY-4.0 MPL-2.0".split(" "),
);

export function notTaken(lock: Lock): string[] {
  return Object.entries(lock.packages).flatMap(([path, { license = "none" }]) => {
    const names = license.split(/ OR | AND |[()]/).filter((name) => name !== "");
    return names.every((name) => TAKEN.has(name)) ? [] : [`${path || "xent"}: ${license}`];
  });
}

function sorted(names: Readonly<Record<string, string>> = {}): [string, string][] {
  return Object.entries(names).sort(([a], [b]) => (a < b ? -1 : 1));
}
