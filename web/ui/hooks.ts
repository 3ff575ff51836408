import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RefObject } from 'preact';
import { capture, captureStore } from '../browser.js';
import type { CaptureState } from '../capture.js';
import { shortcutOf, type Shortcut } from '../shortcuts.js';
import { loadSettings } from '../storage.js';
import { selectFields, type Store } from '../store.js';

// What `select` gives of a store, again whenever that changes.
export function useStore<T, R>(store: Store<T>, select: (value: T) => R): R {
  const [, update] = useState({});
  const selected = select(store.get());
  const latest = useRef({ select, selected });
  latest.current = { select, selected };
  useLayoutEffect(() => {
    const check = () => {
      if (!Object.is(latest.current.select(store.get()), latest.current.selected)) update({});
    };
    check();
    return store.subscribe(check);
  }, [store]);
  return selected;
}

// Some fields of a store, again whenever one of them changes; always the same ones.
export function useFields<T extends object, K extends keyof T>(store: Store<T>, ...keys: K[]): Pick<T, K> {
  const select = useRef<((value: T) => Pick<T, K>) | null>(null);
  select.current ??= selectFields<T, K>(...keys);
  return useStore(store, select.current);
}

export function useCapture(): CaptureState {
  useStore(captureStore, ({ version }) => version);
  return capture.state;
}

export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const update = () => setMatches(list.matches);
    update();
    list.addEventListener('change', update);
    return () => list.removeEventListener('change', update);
  }, [query]);
  return matches;
}

export function useSize(): [RefObject<HTMLDivElement | null>, { width: number; height: number }] {
  const ref = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const read = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    read();
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, size];
}

export function useInterval(run: () => void, delay: number | null): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    if (delay === null) return;
    const timer = setInterval(() => latest.current(), delay);
    return () => clearInterval(timer);
  }, [delay]);
}

// Only where nobody is typing.
export function useShortcuts(run: (shortcut: Shortcut) => void): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as Element | null;
      if (event.defaultPrevented || target?.closest('input, textarea, select, [contenteditable], dialog')) return;
      const shortcut = shortcutOf(event, loadSettings().shortcuts);
      if (!shortcut) return;
      event.preventDefault();
      latest.current(shortcut);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title;
  }, [title]);
}

// Keeps a phone's screen on, where the browser can.
export function useWakeLock(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | null = null;
    let over = false;
    const request = async () => {
      if (document.visibilityState !== 'visible') return;
      lock = (await navigator.wakeLock?.request('screen').catch(() => null)) ?? null;
      if (over) void lock?.release();
    };
    void request();
    document.addEventListener('visibilitychange', request);
    return () => {
      over = true;
      document.removeEventListener('visibilitychange', request);
      void lock?.release();
    };
  }, []);
}
