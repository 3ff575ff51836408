// The page at "/": choose what to start, say who you are, go.

import type { Ref } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { ApiError, createRoom } from '../api.js';
import { capture } from '../browser.js';
import { failure } from '../failures.js';
import type { RoomKind } from '../messages.js';
import type { Intent } from '../on_air.js';
import { keepHostKey, loadSettings, saveSettings } from '../storage.js';
import { cutUtf8, finishedRoomName, isRoomName, roomNameRule, roomSlug } from '../text.js';
import { useTitle } from './hooks.js';
import { CastIcon, PeopleIcon } from './icons.js';
import { Button, Field, Page } from './parts.js';
import { Preview, startCapture } from './preview.js';

export interface Entry {
  name: string;
  password?: string | undefined;
  unsaved?: boolean; // the room was made just now, and the server could not write it down
}

export const nameBytesMax = 64;

export function StartPage({ onStarted }: { onStarted(room: string, entry: Entry): void }) {
  useTitle('waaft: live video on your own server');
  const [name, setName] = useState(loadSettings().name);
  const [kind, setKind] = useState<RoomKind>('call');
  const [intent, setIntent] = useState<Intent>(() => ({ mic: loadSettings().mic, cam: loadSettings().cam }));
  const onIntent = (next: Intent) => {
    setIntent(next);
    saveSettings(next);
  };
  return (
    <Page>
      <div class="start">
        <div class="start-words">
          <h1>Live video that stays yours</h1>
          <p class="lead">Calls, broadcasts and chat from your own server. Share a link; nobody needs an account.</p>
          <StartForm name={name} onName={setName} kind={kind} onKind={setKind} intent={intent} onStarted={onStarted} />
        </div>
        <Preview name={name} broadcast={kind === 'broadcast'} intent={intent} onIntent={onIntent} />
      </div>
    </Page>
  );
}

interface StartFormProps {
  name: string;
  onName(name: string): void;
  kind: RoomKind;
  onKind(kind: RoomKind): void;
  intent: Intent;
  onStarted(room: string, entry: Entry): void;
}

function StartForm(props: StartFormProps) {
  const { name, onName, kind, onKind } = props;
  const [roomName, setRoomName] = useState('');
  const [refused, setRefused] = useState(false); // that room name
  const roomInput = useRef<HTMLInputElement>(null);
  const [password, setPassword] = useState('');
  const { state, start } = useStart(props);
  const submit = (event: Event) => {
    event.preventDefault();
    const chosen = finishedRoomName(roomName);
    if (chosen === '' || isRoomName(chosen)) return void start(chosen, password);
    setRefused(true);
    reveal(roomInput.current);
  };
  const onRoomName = (next: string) => {
    setRoomName(next);
    setRefused(false);
  };
  return (
    <form class="form" onSubmit={submit}>
      <KindChoice kind={kind} onKind={onKind} />
      <NameField name={name} onName={onName} />
      <details class="more">
        <summary>More options</summary>
        <RoomNameField value={roomName} onValue={onRoomName} refused={refused} input={roomInput} />
        <PasswordField label="Password" hint="Empty: who has the link can come in." value={password} onValue={setPassword} />
      </details>
      {state instanceof ApiError && <ApiFailure error={state} />}
      <Button type="submit" tone="main" class="wide" data-testid="start" aria-busy={isUnderWay(state)}>
        {startWords(state, kind)}
      </Button>
    </form>
  );
}

// An ApiError: why it failed.
type StartState = 'idle' | 'starting' | 'server busy' | ApiError;

const isUnderWay = (state: StartState) => state === 'starting' || state === 'server busy';

function startWords(state: StartState, kind: RoomKind): string {
  if (state === 'starting') return 'Starting…';
  if (state === 'server busy') return 'The server is busy: one moment…';
  return kind === 'call' ? 'Start the call' : 'Start the broadcast';
}

function useStart({ name, kind, intent, onStarted }: StartFormProps) {
  const [state, setState] = useState<StartState>('idle');
  const pause = (ms: number) => {
    setState('server busy');
    return new Promise<void>((resolve) => setTimeout(resolve, ms));
  };
  const start = async (roomName: string, password: string) => {
    if (isUnderWay(state)) return;
    setState('starting');
    if (kind === 'call') startCapture(intent);
    try {
      const made = await createRoom({ kind, ...(roomName && { name: roomName }), ...(password && { password }) }, pause);
      keepHostKey(made.room, made.hostKey);
      if (kind === 'broadcast') capture.stop(); // the preview is for nobody else
      onStarted(made.room, { name: saidName(name, 'Host'), password, unsaved: made.kept === false });
    } catch (error) {
      setState(error instanceof ApiError ? error : new ApiError('unreachable', ''));
    }
  };
  return { state, start };
}

// Also where it was folded away.
function reveal(input: HTMLInputElement | null): void {
  input?.closest('details')?.setAttribute('open', '');
  input?.focus();
}

interface RoomNameFieldProps {
  value: string;
  onValue(value: string): void;
  refused: boolean;
  input: Ref<HTMLInputElement>;
}

function RoomNameField({ value, onValue, refused, input }: RoomNameFieldProps) {
  const finished = finishedRoomName(value);
  const hint = !value
    ? `Empty: the server makes one up. Otherwise ${roomNameRule}.`
    : isRoomName(finished)
      ? `${location.host}/r/${finished}`
      : `A room name is ${roomNameRule}.`;
  return (
    <Field label="Room name" hint={hint} error={refused ? `This is too short: a room name is ${roomNameRule}.` : undefined}>
      {({ id, describedBy }) => (
        <input
          id={id}
          ref={input}
          aria-describedby={describedBy}
          aria-invalid={refused ? true : undefined}
          value={value}
          maxLength={64}
          autoComplete="off"
          autoCapitalize="none"
          spellcheck={false}
          data-testid="room-name"
          onInput={(event) => onValue((event.currentTarget.value = roomSlug(event.currentTarget.value)))}
        />
      )}
    </Field>
  );
}

// What somebody is called who gave no name.
export function saidName(name: string, otherwise: string): string {
  const said = cutUtf8(name.trim(), nameBytesMax);
  saveSettings({ name: said });
  return said || otherwise;
}

export function ApiFailure({ error }: { error: ApiError }) {
  const { title, text } = failure(error.code);
  return (
    <div class="note note-danger" role="alert" data-testid="failure" data-code={error.code}>
      <p>
        <strong>{title}.</strong> {error.code === 'bad_request' && error.message ? error.message : text}
      </p>
    </div>
  );
}

export function NameField({ name, onName }: { name: string; onName(name: string): void }) {
  return (
    <Field label="Your name">
      {({ id }) => (
        <input
          id={id}
          data-testid="name"
          value={name}
          maxLength={nameBytesMax}
          autoComplete="name"
          placeholder="What the others see"
          onInput={(event) => onName(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface PasswordFieldProps {
  label: string;
  value: string;
  onValue(value: string): void;
  hint?: string;
  error?: string | undefined;
  required?: boolean;
}

export function PasswordField({ label, value, onValue, hint, error, required }: PasswordFieldProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {({ id, describedBy }) => (
        <input
          id={id}
          type="password"
          aria-describedby={describedBy}
          aria-invalid={error ? true : undefined}
          value={value}
          maxLength={128}
          required={required ?? false}
          autoComplete="off"
          data-testid="password"
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

const choices = [
  { kind: 'call', title: 'Call', text: 'Everybody sees and hears everybody.', Icon: PeopleIcon },
  { kind: 'broadcast', title: 'Broadcast', text: 'You are live; others watch and chat.', Icon: CastIcon },
] as const;

function KindChoice({ kind, onKind }: { kind: RoomKind; onKind(kind: RoomKind): void }) {
  return (
    <fieldset class="choices">
      <legend class="hidden">What do you want to start?</legend>
      {choices.map((choice) => (
        <label key={choice.kind} class="choice">
          <input
            type="radio"
            name="kind"
            value={choice.kind}
            checked={kind === choice.kind}
            data-testid={`kind-${choice.kind}`}
            onChange={() => onKind(choice.kind)}
          />
          <span class="choice-icon">
            <choice.Icon />
          </span>
          <span class="choice-words">
            <span class="choice-title">{choice.title}</span>
            <span class="choice-text">{choice.text}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
