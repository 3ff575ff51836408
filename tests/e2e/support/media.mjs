// What a person sees and hears: decoded frames, pixels and sound, never events or connection states alone.
//
// `view` is a Person, or whatever else has evaluate(function, argument) and runs it in the page.
import assert from 'node:assert/strict';
import { eventually } from './wait.mjs';

async function readConnections() {
  const connections = [];
  const numbers = (window.connectionNumbers ??= new WeakMap());
  for (const peer of window.waaft?.peers() ?? []) {
    const stats = [...(await peer.getStats()).values()];
    const byId = new Map(stats.map((entry) => [entry.id, entry]));
    const transport = stats.find(({ type }) => type === 'transport');
    const pair = byId.get(transport?.selectedCandidatePairId) ?? stats.find(({ type, selected }) => type === 'candidate-pair' && selected);
    const inbound = stats.filter(({ type }) => type === 'inbound-rtp');
    if (!numbers.has(peer)) numbers.set(peer, (window.connectionsNumbered = (window.connectionsNumbered ?? 0) + 1));
    connections.push({
      number: numbers.get(peer), // stays with this connection, whatever comes and goes before it
      state: peer.connectionState,
      framesDecoded: inbound.reduce((sum, entry) => sum + (entry.framesDecoded ?? 0), 0),
      frameWidth: Math.max(0, ...inbound.map((entry) => entry.frameWidth ?? 0)),
      freezeCount: inbound.reduce((sum, entry) => sum + (entry.freezeCount ?? 0), 0),
      audioEnergy: inbound.reduce((sum, entry) => sum + (entry.totalAudioEnergy ?? 0), 0),
      local: byId.get(pair?.localCandidateId)?.candidateType,
      remote: byId.get(pair?.remoteCandidateId)?.candidateType,
    });
  }
  return connections;
}

// One entry for each peer connection of that page.
export const connections = (view) => view.evaluate(readConnections);

// `what` of every connection grows by at least `step`; there must be `count` of them. One that takes the place of
// another begins anew.
async function grows(view, what, count, step) {
  const first = new Map();
  return eventually(`${what} of ${count} connections grows at ${view.name}`, async () => {
    const entries = await connections(view);
    if (entries.length !== count) throw new Error(`${entries.length} connections`);
    for (const entry of entries) {
      if (!first.has(entry.number)) first.set(entry.number, entry[what]);
    }
    const grown = (entry) => entry[what] >= first.get(entry.number) + step;
    if (!entries.every(grown)) {
      throw new Error(entries.map((entry) => `${entry.state}: ${first.get(entry.number)} to ${entry[what]}`).join(', '));
    }
    return entries.map((entry) => entry[what]);
  });
}

export const framesArrive = (view, count = 1) => grows(view, 'framesDecoded', count, 8);
export const soundArrives = (view, count = 1) => grows(view, 'audioEnergy', count, 1e-4);

function samplePicture(selector) {
  const video = document.querySelector(`${selector} video`);
  if (!video || video.videoWidth === 0) return null;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [48, 27];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, 0, 48, 27);
  const { data } = context.getImageData(0, 0, 48, 27);
  const colours = [...data].filter((value, index) => index % 4 !== 3);  // without alpha
  return { colours, width: video.videoWidth, height: video.videoHeight };
}

const farthest = (a, b) => a.reduce((most, value, index) => Math.max(most, Math.abs(value - b[index])), 0);

// The picture below `selector` is neither empty nor of one colour, and three samples of it differ clearly.
// options: plain (it may be of one colour that changes, as that of Firefox's fake camera).
export async function pictureMoves(view, selector, options = {}) {
  const seen = [];
  return eventually(`a moving picture in ${selector} at ${view.name}`, async () => {
    const sample = await view.evaluate(samplePicture, selector);
    if (!sample) throw new Error('no picture');
    const contrast = Math.max(...sample.colours) - Math.min(...sample.colours);
    if (contrast < 40 && !options.plain) throw new Error(`a flat picture, contrast ${contrast}`);
    if (seen.every((earlier) => farthest(earlier, sample.colours) > 24)) seen.push(sample.colours);
    return seen.length >= 3 && { width: sample.width, height: sample.height };
  });
}

export const tileOf = (id) => `[data-testid="tile-${id}"]`;
export const screenOf = (id) => `[data-testid="screen-${id}"]`;

// Everybody sees and hears everybody else, as far as their camera is on.
export async function allMeet(people) {
  for (const one of people) {
    await framesArrive(one, people.length - 1);
    await soundArrives(one, people.length - 1);
    for (const other of people.filter((each) => each !== one)) await pictureMoves(one, tileOf(other.id));
  }
  for (const one of people) {
    const states = (await connections(one)).map(({ state }) => state);
    assert.ok(states.every((state) => state === 'connected'), `${one.name}: ${states}`);
  }
}
