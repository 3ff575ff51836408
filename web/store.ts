// A value that can be watched. Listeners run after every change, in the order they came; one that throws keeps no other
// from running, nor who made the change from going on.
import { onItsOwn } from './guard.js';

export interface Store<T> {
  get(): T;
  set(change: Partial<T>): void;
  subscribe(listener: () => void): () => void;
}

// A selection of some fields: the same object again until one of them changes.
export function selectFields<T extends object, K extends keyof T>(...keys: K[]): (value: T) => Pick<T, K> {
  let last: Pick<T, K> | undefined;
  return (value) => {
    const before = last;
    if (before && keys.every((key) => Object.is(before[key], value[key]))) return before;
    last = Object.fromEntries(keys.map((key) => [key, value[key]])) as Pick<T, K>;
    return last;
  };
}

export function createStore<T extends object>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(change) {
      value = { ...value, ...change };
      for (const listener of [...listeners]) onItsOwn(listener);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
