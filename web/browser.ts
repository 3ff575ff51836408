// The browser's side of the interfaces that protocol.ts, media.ts and capture.ts ask for.

import { BackGuard } from './back_guard.js';
import { Capture, type Devices } from './capture.js';
import type { PeerConnection } from './media.js';
import type { Environment, SocketEvents } from './protocol.js';
import { loadSettings } from './storage.js';
import { createStore } from './store.js';

export const environment: Environment = {
  openSocket(events: SocketEvents) {
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(`${scheme}//${location.host}/api/v1/ws`, 'waaft.v1');
    socket.onopen = () => events.open();
    socket.onmessage = ({ data }) => typeof data === 'string' && events.text(data);
    socket.onclose = ({ code }) => events.closed(code);
    return {
      send: (text) => socket.readyState === WebSocket.OPEN && socket.send(text),
      close: () => socket.close(),
    };
  },
  now: () => performance.now(), // the clock on the wall may be set
  setTimer: (run, delay) => window.setTimeout(run, delay),
  clearTimer: (timer) => window.clearTimeout(timer as number | undefined),
  random: () => Math.random(),
};

export function createPeerConnection(configuration: RTCConfiguration): PeerConnection {
  return new RTCPeerConnection(configuration);
}

// Some have it switched off, for privacy or by their administrator.
export const hasWebRtc = typeof RTCPeerConnection === 'function' && typeof MediaStream === 'function';

export const createStream = (): MediaStream => (hasWebRtc ? new MediaStream() : ({} as MediaStream));

function browserDevices(): Devices | null {
  const media = navigator.mediaDevices;
  if (!media) return null;
  const names = { mic: 'microphone', cam: 'camera' } as const;
  return {
    getUserMedia: (constraints) => media.getUserMedia(constraints),
    getDisplayMedia: (constraints) => media.getDisplayMedia(constraints),
    enumerateDevices: () => media.enumerateDevices(),
    permission: async (slot) => (await navigator.permissions.query({ name: names[slot] as PermissionName })).state,
  };
}

// One microphone and camera for the page, from the preview on.
export const captureStore = createStore({ version: 0 });
export const capture = new Capture(browserDevices(), loadSettings().devices, () =>
  captureStore.set({ version: captureStore.get().version + 1 }),
);

navigator.mediaDevices?.addEventListener?.('devicechange', () => void capture.refreshDevices());

export const backGuard = new BackGuard({
  onGuard: () => (history.state as { guard?: boolean } | null)?.guard === true,
  addGuard: () => history.pushState({ guard: true }, ''),
  address: () => location.pathname,
  go: (delta) => history.go(delta),
});

// How loud a track is, between 0 and 1: the loudest moment of the last 170 ms (at 48 kHz), which is longer than the time
// between two looks at it, so that nothing short is missed.
const meterSamples = 8192;
const momentSamples = 512;

export class LevelMeter {
  private readonly source: MediaStreamAudioSourceNode;
  private readonly analyser: AnalyserNode;
  private readonly samples: Float32Array<ArrayBuffer>;

  constructor(context: AudioContext, track: MediaStreamTrack) {
    this.source = context.createMediaStreamSource(new MediaStream([track]));
    this.analyser = context.createAnalyser();
    this.analyser.fftSize = meterSamples;
    this.samples = new Float32Array(this.analyser.fftSize);
    this.source.connect(this.analyser);
  }

  level(): number {
    this.analyser.getFloatTimeDomainData(this.samples);
    let loudest = 0;
    for (let from = 0; from < meterSamples; from += momentSamples) {
      const moment = this.samples.subarray(from, from + momentSamples);
      loudest = Math.max(loudest, moment.reduce((sum, sample) => sum + sample * sample, 0));
    }
    return Math.min(1, Math.sqrt(loudest / momentSamples) * 4);
  }

  close(): void {
    this.source.disconnect();
    this.analyser.disconnect();
  }
}

let sharedContext: AudioContext | null = null;

export function audioContext(): AudioContext | null {
  try {
    sharedContext ??= new AudioContext();
    if (sharedContext.state === 'suspended') void sharedContext.resume().catch(() => undefined);
    return sharedContext;
  } catch {
    return null;
  }
}
