// Debian's Firefox with its fake microphone and camera, by WebDriver BiDi.
import { existsSync } from 'node:fs';
import puppeteer from 'puppeteer-core';
import { cleanUp } from '../../support/cleanup.mjs';
import { eventually } from './wait.mjs';

export const firefoxProgram = ['/usr/bin/firefox-esr', '/usr/bin/firefox'].find((path) => existsSync(path));

const preferences = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
};

const testId = (name) => `[data-testid="${name}"]`;

// The part of Person that the test with two kinds of browser needs.
class FirefoxPerson {
  constructor(page, name) {
    this.page = page;
    this.name = name;
  }

  evaluate(run, argument) { return this.page.evaluate(run, argument); }
  waitFor(selector) { return eventually(`${this.name} has ${selector}`, () => this.page.$(selector)); }

  async click(name) { await (await this.waitFor(testId(name))).click(); }
  async type(name, text) { await (await this.waitFor(testId(name))).type(text); }

  async join(link) {
    await this.page.goto(link);
    await this.type('name', this.name);
    await this.click('join');
    await this.waitFor(`${testId('status')}[data-state="joined"]`);
    const tile = await this.waitFor('[data-self="true"][data-testid^="tile-"]');
    this.id = await tile.evaluate(({ dataset }) => dataset.testid.slice('tile-'.length));
  }

  async say(text) {
    if (!(await this.page.$(testId('chat-input')))) await this.click('chat-toggle');
    await this.type('chat-input', text);
    await this.click('chat-send');
  }

  reads(text) {
    return eventually(`${this.name} reads ${text}`, () => this.page.$$eval(testId('chat-message'),
      (items, wanted) => items.some((item) => item.querySelector('.message-text').textContent === wanted), text));
  }
}

export async function openFirefox(t, name) {
  const process = await puppeteer.launch({
    browser: 'firefox',
    executablePath: firefoxProgram,
    headless: true,
    extraPrefsFirefox: preferences,
    timeout: 120_000,
    protocolTimeout: 120_000,
  });
  cleanUp(t, 'Firefox', () => process.close());
  const page = await process.newPage();
  await page.setViewport({ width: 900, height: 600 });
  return new FirefoxPerson(page, name);
}
