// The host's list of personal links: what each gives, to whom, until when; made, revoked, and voided all at once.

import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, listLinks, makeLink, revokeLink, voidLinks, type JoinLink, type NewLink } from '../api.js';
import { countUsable, lifetimes, linkWords, orderLinks, roleChoices, usualRole, voidedWords } from '../links.js';
import type { Role, RoomKind } from '../messages.js';
import { cutUtf8 } from '../text.js';
import { Button, Dialog, Field, type Question } from './parts.js';
import { CopyRow, useShareLinks } from './share_dialog.js';
import { ApiFailure } from './start.js';

interface LinksDialogProps {
  room: string;
  hostKey: string;
  kind: RoomKind;
  ask(question: Question): void;
  onClose(): void;
}

const nameBytesMax = 64;
const timeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export function LinksDialog({ room, hostKey, kind, ask, onClose }: LinksDialogProps) {
  const { links, failed, said, busy, act } = useLinks(room, hostKey);
  const [address] = useShareLinks(room);
  const [made, setMade] = useState<string | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const make = (link: NewLink) =>
    act(async () => {
      setMade((await makeLink(room, hostKey, link)).link);
      return 'The link is made. Copy it now: it is not shown again.';
    });
  // The button that was pressed goes with the link; the focus must not go with it.
  const end = async (work: () => Promise<string>) => {
    setMade(null);
    await act(work);
    heading.current?.focus();
  };
  const revoke = (link: JoinLink) =>
    end(async () => {
      await revokeLink(room, hostKey, link.id);
      return voidedWords(1);
    });
  const voidAll = () =>
    ask({
      title: 'Void all links?',
      text: 'Nobody can come in with any of them any more. Who is in the room stays, and the room’s own link goes on.',
      yes: 'Void all',
      run: () => void end(async () => voidedWords((await voidLinks(room, hostKey)).voided)),
    });
  return (
    <Dialog title="Personal links" onClose={onClose} class="dialog-small">
      <p class="quiet-text">Each lets somebody in with what you choose, without the password, until it expires.</p>
      <MakeForm kind={kind} busy={busy} onMake={make} />
      {failed && <ApiFailure error={failed} />}
      {made && <CopyRow key={made} link={`${address}#link=${made}`} label="New personal link" testId="made-link" />}
      <p class="field-hint" role="status" data-testid="links-said">
        {said}
      </p>
      <div class="links-head">
        <h3 ref={heading} tabIndex={-1}>
          Links so far
        </h3>
        {links && countUsable(links) > 0 && (
          <Button class="danger-text" data-testid="void-all" onClick={voidAll}>
            Void all links
          </Button>
        )}
      </div>
      {!links && !failed && <p class="quiet-text">Reading the links…</p>}
      {links?.length === 0 && <p class="quiet-text">There is none.</p>}
      {links && links.length > 0 && (
        <ul class="links" data-testid="link-list">
          {links.map((link) => (
            <LinkItem key={link.id} link={link} onRevoke={() => revoke(link)} />
          ))}
        </ul>
      )}
    </Dialog>
  );
}

// The list as the server has it, read again after everything that was done.
function useLinks(room: string, hostKey: string) {
  const [links, setLinks] = useState<JoinLink[] | null>(null);
  const [failed, setFailed] = useState<ApiError | null>(null);
  const [said, setSaid] = useState('');
  const [busy, setBusy] = useState(false);
  const last = useRef(Promise.resolve());
  const run = async (work: () => Promise<string>) => {
    setBusy(true);
    setFailed(null);
    setSaid('');
    try {
      setSaid(await work());
      setLinks(orderLinks(await listLinks(room, hostKey)));
    } catch (error) {
      setFailed(error instanceof ApiError ? error : new ApiError('unreachable', ''));
    }
    setBusy(false);
  };
  // One after the other, so that none is left out and the list is that of the last.
  const act = (work: () => Promise<string>) => (last.current = last.current.then(() => run(work)));
  useEffect(() => void act(() => Promise.resolve('')), []);
  return { links, failed, said, busy, act };
}

function LinkItem({ link, onRevoke }: { link: JoinLink; onRevoke(): void }) {
  const words = linkWords(link, (ms) => timeFormat.format(ms));
  return (
    <li class="link-item" data-testid={`link-${link.id}`} data-revoked={link.revoked}>
      <div class="link-words">
        <bdi class="link-who">{words.who}</bdi>
        <span class="quiet-text">
          {words.what}, {words.until}
        </span>
        {words.madeBy && (
          <span class="quiet-text">
            <bdi>{words.madeBy}</bdi>
          </span>
        )}
      </div>
      {link.revoked ? (
        <span class="badge">Void</span>
      ) : (
        <Button aria-label={`Revoke the link: ${words.who}, ${words.what}`} onClick={onRevoke}>
          Revoke
        </Button>
      )}
    </li>
  );
}

function MakeForm({ kind, busy, onMake }: { kind: RoomKind; busy: boolean; onMake(link: NewLink): Promise<void> }) {
  const [role, setRole] = useState<Role>(usualRole(kind));
  const [name, setName] = useState('');
  const [expiresIn, setExpiresIn] = useState(86_400);
  const submit = (event: Event) => {
    event.preventDefault();
    if (!busy) void onMake({ role, name: cutUtf8(name.trim(), nameBytesMax), expiresIn });
  };
  return (
    <form class="link-form" onSubmit={submit}>
      <Field label="Who has it may">
        {({ id }) => (
          <select id={id} value={role} data-testid="link-role" onChange={(event) => setRole(event.currentTarget.value as Role)}>
            {roleChoices.map((choice) => (
              <option key={choice.role} value={choice.role}>
                {choice.words}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Valid for">
        {({ id }) => (
          <select
            id={id}
            value={String(expiresIn)}
            data-testid="link-lifetime"
            onChange={(event) => setExpiresIn(Number(event.currentTarget.value))}
          >
            {lifetimes.map(({ seconds, words }) => (
              <option key={seconds} value={String(seconds)}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Their name" hint="Empty: they choose one.">
        {({ id, describedBy }) => (
          <input
            id={id}
            aria-describedby={describedBy}
            value={name}
            maxLength={nameBytesMax}
            autoComplete="off"
            data-testid="link-name"
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
      </Field>
      <Button type="submit" tone="main" data-testid="make-link" aria-busy={busy}>
        Make a link
      </Button>
    </form>
  );
}
