// Runs what is not ours to trust: what it throws is told in the console as uncaught, and stops nobody else.

export function onItsOwn<Result>(run: () => Result): Result | undefined {
  try {
    return run();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
    return undefined;
  }
}

// The same object, each of whose methods runs on its own.
export function guarded<T extends object>(target: T): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => onItsOwn(() => Reflect.apply(value, object, args) as unknown);
    },
  });
}
