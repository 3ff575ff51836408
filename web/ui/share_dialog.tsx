import qrcode from 'qrcode-generator';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { readRoom } from '../api.js';
import type { RoomInfo } from '../messages.js';
import { shareLinks, shareWords } from '../sharing.js';
import { CheckIcon, CopyIcon } from './icons.js';
import { Button, copyText, Dialog, Field } from './parts.js';

interface ShareDialogProps {
  room: string;
  info: RoomInfo | null;
  onLinks: (() => void) | null; // null: who does not manage them
  onClose(): void;
}

export function ShareDialog({ room, info, onLinks, onClose }: ShareDialogProps) {
  const links = useShareLinks(room);
  const [chosen, setChosen] = useState<string | null>(null);
  const link = chosen ?? links[0] ?? '';
  return (
    <Dialog title="Invite people" onClose={onClose} class="dialog-small dialog-share">
      <div class="share">
        <div class="share-part">
          {info && <p class="quiet-text">{shareWords(info)}</p>}
          <CopyRow key={link} link={link} label="Room link" testId="room-link" />
          {links.length > 1 && (
            <Field label="Other addresses of this server" hint="Choose one that reaches those you invite.">
              {({ id, describedBy }) => (
                <select
                  id={id}
                  aria-describedby={describedBy}
                  value={link}
                  data-testid="share-address"
                  onChange={(event) => setChosen(event.currentTarget.value)}
                >
                  {links.map((each) => (
                    <option key={each} value={each}>
                      {new URL(each).host}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          )}
          {onLinks && (
            <Button data-testid="links" onClick={onLinks}>
              Personal links
            </Button>
          )}
        </div>
        <div class="share-part">
          <QrCode text={link} />
          <p class="quiet-text centered">Or point a phone’s camera here.</p>
        </div>
      </div>
    </Dialog>
  );
}

// The page's own address until the server has said which others it has.
export function useShareLinks(room: string): string[] {
  const [links, setLinks] = useState<string[]>();
  useEffect(() => {
    readRoom(room).then(
      (summary) => setLinks(summary.links),
      () => undefined, // the page's own address has to do
    );
  }, [room]);
  return shareLinks(location.origin, room, links);
}

export function CopyRow({ link, label, testId }: { link: string; label: string; testId: string }) {
  const [copied, setCopied] = useState<boolean | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const copy = async () => {
    const done = await copyText(link);
    if (!done) input.current?.select();
    setCopied(done);
  };
  return (
    <>
      <div class="copy-row">
        <input ref={input} class="link-field" readOnly value={link} aria-label={label} data-testid={testId} />
        <Button tone="main" data-testid="copy-link" onClick={copy}>
          {copied ? <CheckIcon size={18} /> : <CopyIcon size={18} />}
          {copied ? 'Copied' : 'Copy'}
        </Button>
      </div>
      <p class="field-hint" role="status">
        {copied === true && 'The link is in your clipboard.'}
        {copied === false && 'The browser did not allow copying. The link is selected: copy it with the keyboard or the menu.'}
      </p>
    </>
  );
}

const quietZone = 4; // modules, ISO/IEC 18004

function QrCode({ text }: { text: string }) {
  const { size, path } = useMemo(() => qrPath(text), [text]);
  const side = size + 2 * quietZone;
  return (
    <svg class="qr" viewBox={`${-quietZone} ${-quietZone} ${side} ${side}`} role="img" aria-label="QR code of the room link">
      <rect x={-quietZone} y={-quietZone} width={side} height={side} fill="#fff" />
      <path d={path} fill="#0d1413" />
    </svg>
  );
}

function qrPath(text: string): { size: number; path: string } {
  const code = qrcode(0, 'M');
  code.addData(text);
  code.make();
  const size = code.getModuleCount();
  let path = '';
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      if (code.isDark(row, column)) path += `M${column} ${row}h1v1h-1z`;
    }
  }
  return { size, path };
}
