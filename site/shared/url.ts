// The state of a page in its address, so that a link shows what its sender saw. What an address says and the page cannot do is
// left at its default, and told.

import { useEffect, useRef, useState } from "preact/hooks";

/** How one value stands in an address. */
export interface Field<T> {
  /** undefined where the text is no such value */
  read(text: string): T | undefined;
  write(value: T): string;
  /** what may stand there, in words: "one of moons, spirals" */
  readonly expects: string;
}

export function oneOf<T extends string>(...values: readonly T[]): Field<T> {
  return {
    read: (text) => values.find((value) => value === text),
    write: (value) => value,
    expects: `one of ${values.join(", ")}`,
  };
}

export function numberIn(min: number, max: number, { whole = false } = {}): Field<number> {
  return {
    read(text) {
      const value = text.trim() === "" ? Number.NaN : Number(text);
      return value >= min && value <= max && (!whole || Number.isInteger(value)) ? value : undefined;
    },
    write: String,
    expects: `a ${whole ? "whole " : ""}number from ${min} to ${max}`,
  };
}

/** Values with dashes between them: `8-8-4`. */
export function listOf<T>(field: Field<T>, { most }: { readonly most: number }): Field<readonly T[]> {
  return {
    read(text) {
      const values = text === "" ? [] : text.split("-").map((part) => field.read(part));
      return values.length <= most && values.every((value) => value !== undefined)
        ? (values as T[])
        : undefined;
    },
    write: (values) => values.map((value) => field.write(value)).join("-"),
    expects: `at most ${most} with dashes between them, each ${field.expects}`,
  };
}

export type Fields<S> = { readonly [K in keyof S]: Field<S[K]> };

/** What an address says, and what in it was not understood. */
function readState<S extends object>(
  fields: Fields<S>,
  defaults: S,
  search: string,
): { state: S; ignored: string[] } {
  const state = { ...defaults };
  const ignored: string[] = [];
  for (const [name, text] of new URLSearchParams(search)) {
    if (!Object.hasOwn(fields, name)) continue;
    const key = name as keyof S;
    const value = fields[key].read(text);
    if (value === undefined) ignored.push(`${name}=${brief(text)} is not ${fields[key].expects}`);
    else state[key] = value;
  }
  return { state, ignored };
}

function brief(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}

/** The part of an address behind its path; values at their defaults are not in it. */
function writeState<S extends object>(fields: Fields<S>, defaults: S, state: S): string {
  const query = new URLSearchParams();
  for (const key of Object.keys(fields) as (keyof S & string)[]) {
    const [text, usual] = [fields[key].write(state[key]), fields[key].write(defaults[key])];
    if (text !== usual) query.set(key, text);
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

/** The address of this page in a state, to be given to others. */
export function linkTo<S extends object>(fields: Fields<S>, defaults: S, state: S): string {
  return `${location.origin}${location.pathname}${writeState(fields, defaults, state)}`;
}

/** Browsers refuse an address that changes too often. */
const QUIET_MS = 250;

/**
 * State that stands in the page's address.
 *
 * @param fields, defaults  made once, outside the component
 * @returns the state; a function that changes some of it; what in the address was not understood
 */
export function useUrlState<S extends object>(
  fields: Fields<S>,
  defaults: S,
): [state: S, change: (some: Partial<S>) => void, ignored: readonly string[]] {
  const [{ state, ignored }, setAll] = useState(() => readState(fields, defaults, location.search));
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    // back and forward
    const moved = () => setAll(readState(fields, defaults, location.search));
    addEventListener("popstate", moved);
    return () => removeEventListener("popstate", moved);
  }, []);
  const change = (some: Partial<S>) =>
    setAll(({ state }) => {
      const next = { ...state, ...some };
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        history.replaceState(null, "", linkTo(fields, defaults, next));
      }, QUIET_MS);
      return { state: next, ignored: [] };
    });
  return [state, change, ignored];
}
