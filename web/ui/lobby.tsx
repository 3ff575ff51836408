// The page before a room: what it is, who you are, and in.

import { useEffect, useState } from 'preact/hooks';
import type { RoomSummary } from '../api.js';
import { capture } from '../browser.js';
import { failure } from '../failures.js';
import type { Intent } from '../on_air.js';
import { loadSettings, saveSettings } from '../storage.js';
import { useTitle } from './hooks.js';
import { LockIcon } from './icons.js';
import { Button, Page } from './parts.js';
import { Preview, startCapture } from './preview.js';
import { NameField, PasswordField, saidName, type Entry } from './start.js';

interface LobbyProps {
  summary: RoomSummary;
  host: boolean; // we hold its host key
  invited: boolean; // we hold a join link, which stands for the password
  failedCode: string | null; // of the last try
  onJoin(entry: Entry): void;
  onHome(): void;
}

export function Lobby({ summary, host, invited, failedCode, onJoin, onHome }: LobbyProps) {
  useTitle(`Join ${summary.room} – waaft`);
  const [name, setName] = useState(loadSettings().name);
  const [password, setPassword] = useState('');
  const [intent, setIntent] = useState<Intent>(() => ({ mic: loadSettings().mic, cam: loadSettings().cam }));
  // Who only watches is never asked for a camera.
  const publishes = summary.kind === 'call' || host;
  useEffect(() => {
    if (publishes) startCapture(intent);
  }, []);
  const join = (event: Event) => {
    event.preventDefault();
    if (summary.kind === 'call') startCapture(intent);
    else capture.stop(); // also for the host: the preview is for nobody else
    onJoin({ name: saidName(name, host ? 'Host' : 'Guest'), password });
  };
  const onIntent = (next: Intent) => {
    setIntent(next);
    saveSettings(next);
  };
  const asksPassword = summary.password && !host && !invited;
  const passwordError = failedCode === 'password_wrong' ? wordsOf(failedCode) : undefined;
  return (
    <Page onHome={onHome}>
      <div class={publishes ? 'start' : 'start start-single'}>
        <div class="start-words">
          <RoomFacts summary={summary} />
          <form class="form" onSubmit={join}>
            <NameField name={name} onName={setName} />
            {asksPassword && (
              <PasswordField
                label="Room password"
                value={password}
                onValue={setPassword}
                error={passwordError}
                hint="It came with the invitation."
                required
              />
            )}
            <Button type="submit" tone="main" class="wide" data-testid="join">
              {publishes ? 'Join' : 'Watch'}
            </Button>
          </form>
          {publishes && <p class="quiet-text">No camera or microphone? Join anyway: you can see, hear and chat.</p>}
        </div>
        {publishes && <Preview name={name} broadcast={summary.kind === 'broadcast'} intent={intent} onIntent={onIntent} />}
      </div>
    </Page>
  );
}

function wordsOf(code: string): string {
  const { title, text } = failure(code);
  return `${title}. ${text}`;
}

function RoomFacts({ summary }: { summary: RoomSummary }) {
  const { members, room, kind, locked } = summary;
  const inside = members === 0 ? 'Nobody is inside yet.' : members === 1 ? 'One person is inside.' : `${members} people are inside.`;
  return (
    <>
      <p class="eyebrow">{kind === 'call' ? 'Video call' : 'Live broadcast'}</p>
      <h1 class="room-title">{room}</h1>
      <p class="lead">
        {kind === 'broadcast' && 'You watch and chat; nobody sees or hears you. '}
        {inside}
      </p>
      {locked && (
        <div class="note note-warn">
          <LockIcon />
          <p>The host has locked the room: nobody new is let in at the moment.</p>
        </div>
      )}
    </>
  );
}
