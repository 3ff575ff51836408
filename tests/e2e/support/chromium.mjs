// Debian's Chromium, with its fake microphone and a small picture for its camera.
//
// One process for a test file; each person has a context of their own, as if at another computer.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { cleanUp, temporaryFolder } from '../../support/server.mjs';
import { writeCamera } from './camera.mjs';
import { Person } from './person.mjs';
import { deadlineMs } from './wait.mjs';

export const outFolder = join(dirname(fileURLToPath(import.meta.url)), '..', 'out');
mkdirSync(outFolder, { recursive: true });

export const program = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));

const devices = ['camera', 'microphone'];

// Runs in the page, before its own scripts.
function takeSoundAsItIs() {
  const { mediaDevices } = navigator;
  if (!mediaDevices) return;  // not on this page
  const open = mediaDevices.getUserMedia.bind(mediaDevices);
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  mediaDevices.getUserMedia = ({ audio, ...rest }) => open({ ...rest, ...(audio && { audio: { ...(audio === true ? {} : audio), ...plain } }) });
}

export class Browser {
  constructor(process) {
    this.process = process;
    this.people = [];
  }

  // options: devices (false: the browser refuses both), plainSound (the microphone is taken as it is, which is two thirds of
  // what a call costs here), and those of a Playwright context.
  async person(name, options = {}) {
    const { devices: allowed = true, plainSound = false, ...rest } = options;
    const context = await this.process.newContext({
      viewport: { width: 900, height: 600 },
      ignoreHTTPSErrors: true,
      permissions: allowed ? devices : [],
      ...rest,
    });
    context.setDefaultTimeout(deadlineMs);
    if (plainSound) await context.addInitScript(takeSoundAsItIs);
    const person = new Person(await context.newPage(), name);
    this.people.push(person);
    return person;
  }

  async photograph(label) {
    for (const { page, name } of this.people) {
      const path = join(outFolder, `failed-${label}-${name}.png`.replaceAll(/[^\w./-]+/g, '-'));
      await page.screenshot({ path, timeout: 20_000 }).catch(() => undefined);
    }
  }
}

// Started by root, Chromium puts its threads for sound and pictures before all others. On a machine that cannot carry a
// whole call by itself, the pages then stand still for minutes, which they do not on computers of people. Without the
// right to do so all threads have their share, and it is the sound that is late.
function withoutPrecedence(t, path) {
  if (process.getuid() !== 0) return path;
  const wrapper = join(temporaryFolder(t), 'chromium');
  writeFileSync(wrapper, `#!/bin/sh\nexec setpriv --inh-caps=-sys_nice --bounding-set=-sys_nice ${path} "$@"\n`, { mode: 0o755 });
  return wrapper;
}

// options: args, camera (of writeCamera), devices (false: a computer without any), program.
export async function openChromium(t, options = {}) {
  const camera = options.devices === false ? [] : [
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${writeCamera(join(temporaryFolder(t), 'camera.y4m'), options.camera)}`,
  ];
  const browser = await chromium.launch({
    executablePath: withoutPrecedence(t, options.program ?? program),
    args: [
      '--no-sandbox',
      '--autoplay-policy=no-user-gesture-required',
      ...camera,
      ...(options.args ?? []),
    ],
  });
  cleanUp(t, 'Chromium', () => browser.close());
  return new Browser(browser);
}
