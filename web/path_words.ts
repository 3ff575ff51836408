// How the path to one person is, in words. Pure.

import type { PeerView } from './media.js';
import type { Quality, Reason } from './quality.js';

export interface PathWords {
  text: string;
  more?: string; // for where there is space
  grave?: boolean;
}

// What stands in place of the picture; null where there is one.
export function pathWords({ path, turnMissing }: Pick<PeerView, 'path' | 'turnMissing'>, name: string): PathWords | null {
  switch (path) {
    case 'connecting':
      return { text: 'Connecting…' };
    case 'mending':
      return { text: 'Connection lost, mending it…' };
    case 'no_route':
      return { text: `No route between you and ${name}.`, more: noRouteWords(turnMissing), grave: true };
    case 'connected':
      return null;
  }
}

function noRouteWords(turnMissing: boolean): string {
  return turnMissing
    ? 'A firewall is in the way, and this server offers no TURN relay: whoever runs it can add one. Chat works.'
    : 'A firewall may be in the way. Trying again; chat works.';
}

const reasonWords: Record<Reason, string> = {
  loss: 'the network loses packets',
  delay: 'the network is slow to answer',
  frozen: 'the picture freezes',
  no_data: 'nothing arrives',
  bandwidth: 'your upload is too slow for a better picture',
  cpu: 'your device is too busy for a better picture',
};

const levelWords = { good: 'Good connection', fair: 'Fair connection', poor: 'Poor connection' };

export function qualityWords({ level, reason }: Quality): string {
  return levelWords[level] + (reason ? `: ${reasonWords[reason]}` : '');
}

// For a list of people: what is wrong; null while all is well or still beginning.
export function troubleWords(view: Pick<PeerView, 'path' | 'turnMissing' | 'quality'>, name: string): string | null {
  if (view.path === 'connecting') return null;
  const why = pathWords(view, name);
  if (why) return [why.text, why.more].filter(Boolean).join(' ');
  return view.quality.level === 'good' ? null : qualityWords(view.quality);
}
