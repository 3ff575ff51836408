// Debian's Chromium, with its fake microphone and a small picture for its camera.
//
// One process for a test file; each person has a context of their own, as if at another computer.
import { existsSync, mkdirSync } from 'node:fs';
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

// options: args, camera (of writeCamera), devices (false: a computer without any), program.
export async function openChromium(t, options = {}) {
  const camera = options.devices === false ? [] : [
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${writeCamera(join(temporaryFolder(t), 'camera.y4m'), options.camera)}`,
  ];
  const process = await chromium.launch({
    executablePath: options.program ?? program,
    args: [
      '--no-sandbox',
      '--autoplay-policy=no-user-gesture-required',
      ...camera,
      ...(options.args ?? []),
    ],
  });
  cleanUp(t, 'Chromium', () => process.close());
  return new Browser(process);
}
