import { useEffect, useRef } from 'preact/hooks';
import { failure, type Way } from '../failures.js';
import { useTitle } from './hooks.js';
import { HandIcon, LeaveIcon, LinkIcon, LockIcon, PeopleIcon, SignalIcon, WarnIcon } from './icons.js';
import { Button, Page } from './parts.js';

const wayWords: Record<Way, string> = {
  home: 'To the start page',
  retry: 'Try again',
  rejoin: 'Use it here',
  lobby: 'Join again',
  plain: 'Join without it',
};

const icons: Record<string, typeof WarnIcon> = {
  left: LeaveIcon,
  room_ended: LeaveIcon,
  room_full: PeopleIcon,
  room_locked: LockIcon,
  password_required: LockIcon,
  key_required: LockIcon,
  removed: HandIcon,
  banned: HandIcon,
  room_unknown: LinkIcon,
  link_bad: LinkIcon,
  link_expired: LinkIcon,
  link_revoked: LinkIcon,
  unreachable: SignalIcon,
};

interface FailurePageProps {
  code: string;
  onWay(way: Way): void;
}

export function FailurePage({ code, onWay }: FailurePageProps) {
  const { title, text, ways } = failure(code);
  useTitle(`${title} – waaft`);
  const Icon = icons[code] ?? WarnIcon;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [code]);
  return (
    <Page onHome={() => onWay('home')}>
      <section class="failure" data-testid="failure" data-code={code}>
        <span class="failure-icon">
          <Icon size={34} />
        </span>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <p class="lead">{text}</p>
        {code === 'unreachable' && <p class="quiet-text">This page keeps trying by itself.</p>}
        <div class="row">
          {ways.map((way, index) => (
            <Button key={way} tone={index === 0 ? 'main' : 'plain'} data-testid={`way-${way}`} onClick={() => onWay(way)}>
              {wayWords[way]}
            </Button>
          ))}
        </div>
      </section>
    </Page>
  );
}
