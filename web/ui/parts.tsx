// Small building blocks of every page.

import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { loadSettings, saveSettings } from '../storage.js';
import { useMedia } from './hooks.js';
import { CloseIcon, Mark, MoonIcon, SunIcon } from './icons.js';

type ButtonProps = JSX.IntrinsicElements['button'] & { tone?: 'main' | 'plain' | 'quiet' | 'danger' | 'glass' };

export function Button({ tone = 'plain', class: extra, ...rest }: ButtonProps) {
  return <button type="button" {...rest} class={`button button-${tone} ${extra ?? ''}`} />;
}

export function IconButton({ label, class: extra, ...rest }: ButtonProps & { label: string }) {
  return <button type="button" {...rest} class={`icon-button ${extra ?? ''}`} aria-label={label} title={label} />;
}

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  error?: string | undefined;
  children: (ids: { id: string; describedBy: string | undefined }) => ComponentChildren;
}

export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const noteId = `${id}-note`;
  const note = error ?? hint;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, describedBy: note ? noteId : undefined })}
      {note && (
        <p id={noteId} class={error ? 'field-error' : 'field-hint'} role={error ? 'alert' : undefined}>
          {note}
        </p>
      )}
    </div>
  );
}

interface DialogProps {
  title: string;
  onClose(): void;
  children: ComponentChildren;
  class?: string;
}

// The browser's modal dialog: it keeps the focus, gives it back, and closes by Escape.
export function Dialog({ title, onClose, children, class: extra }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      class={`dialog ${extra ?? ''}`}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === ref.current && onClose()}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id={titleId}>{title}</h2>
          <IconButton label="Close" onClick={onClose}>
            <CloseIcon />
          </IconButton>
        </header>
        {children}
      </div>
    </dialog>
  );
}

export interface Question {
  title: string;
  text: string;
  yes: string;
  run(): void;
}

export function Confirm({ question, onDone }: { question: Question; onDone(): void }) {
  return (
    <Dialog title={question.title} onClose={onDone} class="dialog-small">
      <p class="quiet-text">{question.text}</p>
      <div class="row-end">
        <Button tone="quiet" onClick={onDone}>
          Cancel
        </Button>
        <Button
          tone="danger"
          onClick={() => {
            onDone();
            question.run();
          }}
        >
          {question.yes}
        </Button>
      </div>
    </Dialog>
  );
}

const darkQuery = '(prefers-color-scheme: dark)';

function isDark(): boolean {
  const { theme } = loadSettings();
  return theme === 'dark' || (theme === 'system' && matchMedia(darkQuery).matches);
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
}

export function watchTheme(): void {
  applyTheme();
  matchMedia(darkQuery).addEventListener('change', applyTheme);
}

export function ThemeToggle() {
  useMedia(darkQuery); // drawn anew when the system changes
  const [, redraw] = useState({});
  const dark = isDark();
  const toggle = () => {
    saveSettings({ theme: dark ? 'light' : 'dark' });
    applyTheme();
    redraw({});
  };
  return (
    <IconButton label={dark ? 'Use light colours' : 'Use dark colours'} onClick={toggle}>
      {dark ? <SunIcon /> : <MoonIcon />}
    </IconButton>
  );
}

export function Brand({ onHome }: { onHome?: () => void }) {
  const go = (event: MouseEvent) => {
    if (!onHome) return;
    event.preventDefault();
    onHome();
  };
  return (
    <a class="brand" href="/" onClick={go}>
      <Mark />
      <span>waaft</span>
    </a>
  );
}

// The page around everything that is not a running room.
export function Page({ children, onHome }: { children: ComponentChildren; onHome?: () => void }) {
  return (
    <div class="page">
      <header class="page-head">
        <Brand {...(onHome ? { onHome } : {})} />
        <ThemeToggle />
      </header>
      <main class="page-main">{children}</main>
    </div>
  );
}

export function copyText(text: string): Promise<boolean> {
  if (!navigator.clipboard) return Promise.resolve(false);
  return navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  );
}
