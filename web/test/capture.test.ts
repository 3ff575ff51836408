import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Capture, type CaptureFailure, type Devices } from '../capture.js';
import { deviceFailure } from '../failures.js';
import { fakeTrack } from './fakes.js';

class FakeDevices implements Devices {
  asked: MediaStreamConstraints[] = [];
  // What a call for these constraints ends with: an error's name, or null for success.
  answer: (constraints: MediaStreamConstraints) => string | null = () => null;
  screenAnswer: string | null = null;
  screenMessage = 'Permission denied';
  gate: Promise<void> | null = null;

  async getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream> {
    this.asked.push(constraints);
    if (this.gate) await this.gate;
    const error = this.answer(constraints);
    if (error) throw Object.assign(new Error(error), { name: error });
    return stream(constraints.audio ? fakeTrack('audio') : null, constraints.video ? fakeTrack('video') : null);
  }

  async getDisplayMedia(): Promise<MediaStream> {
    if (this.screenAnswer) throw Object.assign(new Error(this.screenMessage), { name: this.screenAnswer });
    return stream(null, fakeTrack('video'));
  }

  enumerateDevices(): Promise<MediaDeviceInfo[]> {
    return Promise.resolve([]);
  }
}

function stream(audio: MediaStreamTrack | null, video: MediaStreamTrack | null): MediaStream {
  const tracks = [audio, video].filter((track) => track !== null);
  return {
    getTracks: () => tracks,
    getAudioTracks: () => (audio ? [audio] : []),
    getVideoTracks: () => (video ? [video] : []),
  } as unknown as MediaStream;
}

function bench() {
  const devices = new FakeDevices();
  return { devices, capture: new Capture(devices, {}, () => undefined) };
}

test('microphone and camera are asked for in one question', async () => {
  const { devices, capture } = bench();
  await capture.start(true, true);
  assert.equal(devices.asked.length, 1);
  assert.deepEqual(capture.state.on, { mic: true, cam: true, screen: false });
});

test('nothing is asked for that was not wished for', async () => {
  const { devices, capture } = bench();
  await capture.start(false, false);
  assert.equal(devices.asked.length, 0);
  await capture.start(true, false);
  assert.deepEqual(devices.asked.map(({ video }) => video), [undefined]);
});

test('a missing camera does not cost the microphone', async () => {
  const { devices, capture } = bench();
  devices.answer = ({ video }) => (video ? 'NotFoundError' : null);
  await capture.start(true, true);
  assert.deepEqual(capture.state.on, { mic: true, cam: false, screen: false });
  assert.deepEqual(capture.state.failures, { cam: 'no_device', mic: undefined });
});

const failureTable: [name: string, failure: CaptureFailure][] = [
  ['NotAllowedError', 'permission_denied'],
  ['NotFoundError', 'no_device'],
  ['NotReadableError', 'device_busy'],
  ['AbortError', 'device_busy'],
  ['SecurityError', 'insecure_origin'],
  ['TypeError', 'capture_failed'],
];
for (const [name, failure] of failureTable) {
  test(`${name} is ${failure}`, async () => {
    const { devices, capture } = bench();
    devices.answer = () => name;
    await capture.start(true, true);
    assert.deepEqual(capture.state.failures, { mic: failure, cam: failure });
    assert.deepEqual(capture.state.busy, { mic: false, cam: false, screen: false });
    devices.answer = () => null;
    await capture.turnOn('cam');
    assert.equal(capture.state.failures.cam, undefined);
    assert.equal(capture.state.on.cam, true);
  });
}

test('a refusal is not followed by more questions', async () => {
  const { devices, capture } = bench();
  devices.answer = () => 'NotAllowedError';
  await capture.start(true, true);
  assert.equal(devices.asked.length, 1);
});

const blockTable: [mic: PermissionState, cam: PermissionState, micOn: boolean, camOn: boolean][] = [
  ['granted', 'denied', true, false],
  ['prompt', 'denied', true, false],
  ['denied', 'prompt', false, true],
  ['denied', 'denied', false, false],
  ['prompt', 'prompt', false, false],
];
for (const [mic, cam, micOn, camOn] of blockTable) {
  test(`both refused, microphone ${mic}, camera ${cam}: what is not blocked starts alone`, async () => {
    const { devices, capture } = bench();
    devices.answer = ({ audio, video }) => (audio && video ? 'NotAllowedError' : null);
    Object.assign(devices, { permission: (slot: string) => Promise.resolve(slot === 'mic' ? mic : cam) });
    await capture.start(true, true);
    assert.deepEqual(capture.state.on, { mic: micOn, cam: camOn, screen: false });
    assert.equal(capture.state.failures.mic, micOn ? undefined : 'permission_denied');
    assert.equal(capture.state.failures.cam, camOn ? undefined : 'permission_denied');
  });
}

test('outside a secure context it says so', async () => {
  const capture = new Capture(null, {}, () => undefined);
  await capture.start(true, true);
  assert.deepEqual(capture.state.failures, { mic: 'insecure_origin', cam: 'insecure_origin' });
});

test('a device that is not there any more is replaced by any other', async () => {
  const { devices, capture } = bench();
  capture.choice = { cam: 'gone' };
  devices.answer = ({ video }) => (typeof video === 'object' && video.deviceId ? 'OverconstrainedError' : null);
  await capture.turnOn('cam');
  assert.equal(capture.state.on.cam, true);
});

test('the camera stops when it is off, the microphone is only muted', async () => {
  const { devices, capture } = bench();
  await capture.start(true, true);
  const { mic, cam } = capture.state.tracks;
  capture.turnOff('mic');
  capture.turnOff('cam');
  assert.deepEqual([mic?.enabled, mic?.readyState, cam?.readyState], [false, 'live', 'ended']);
  assert.equal(capture.state.tracks.cam, null);
  await capture.turnOn('mic');
  assert.equal(mic?.enabled, true);
  assert.equal(devices.asked.length, 1);
});

test('turned off while the browser still asks: what comes then is let go', async () => {
  const { devices, capture } = bench();
  let open = () => {};
  devices.gate = new Promise((resolve) => (open = resolve));
  const turning = capture.turnOn('cam');
  assert.equal(capture.state.busy.cam, true);
  capture.turnOff('cam');
  open();
  await turning;
  assert.equal(capture.state.tracks.cam, null);
  assert.deepEqual(capture.state.on, { mic: false, cam: false, screen: false });
});

test('another device takes effect at once', async () => {
  const { devices, capture } = bench();
  await capture.turnOn('cam');
  const before = capture.state.tracks.cam;
  await capture.choose({ cam: 'other' });
  assert.equal(before?.readyState, 'ended');
  assert.equal(capture.state.on.cam, true);
  const last = devices.asked[devices.asked.length - 1];
  assert.deepEqual((last?.video as MediaTrackConstraints).deviceId, { exact: 'other' });
});

test('an unplugged device is said to be lost', async () => {
  const { capture } = bench();
  await capture.turnOn('mic');
  capture.state.tracks.mic?.onended?.({} as Event);
  assert.equal(capture.state.on.mic, false);
  assert.equal(capture.state.tracks.mic, null);
  assert.equal(capture.state.failures.mic, 'device_lost');
});

test('sharing the screen ends by the browser’s own button, and closing its picker is no failure', async () => {
  const { devices, capture } = bench();
  await capture.toggle('screen');
  assert.equal(capture.state.on.screen, true);
  capture.state.tracks.screen?.onended?.({} as Event);
  assert.equal(capture.state.on.screen, false);
  assert.equal(capture.state.failures.screen, undefined);
  devices.screenAnswer = 'NotAllowedError';
  await capture.toggle('screen');
  assert.equal(capture.state.failures.screen, undefined);
});

test('a screen that cannot be shared is told', async () => {
  const table: [string, string, string][] = [
    ['NotAllowedError', 'Permission denied by system', 'permission_denied'],
    ['NotReadableError', 'Could not start video source', 'device_busy'],
    ['NotFoundError', '', 'no_device'],
    ['InvalidStateError', '', 'capture_failed'],
  ];
  for (const [name, message, failure] of table) {
    const { devices, capture } = bench();
    devices.screenAnswer = name;
    devices.screenMessage = message;
    await capture.toggle('screen');
    assert.equal(capture.state.failures.screen, failure);
    assert.match(deviceFailure(failure, 'screen').title, /screen|share/);
  }
});

test('stopping lets go of everything', async () => {
  const { capture } = bench();
  await capture.start(true, true);
  await capture.shareScreen();
  const tracks = Object.values(capture.state.tracks);
  capture.stop();
  assert.ok(tracks.every((track) => track?.readyState === 'ended'));
  assert.deepEqual(capture.state.tracks, { mic: null, cam: null, screen: null });
});
