// Somebody at a browser: what they click, type and read on waaft's page.
import assert from 'node:assert/strict';
import { goTo, reload } from './navigate.mjs';
import { eventually } from './wait.mjs';

export class Person {
  constructor(page, name) {
    this.page = page;
    this.name = name;
    this.errors = [];  // of the page's scripts, and what the browser itself complains of in the console
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (message) => message.type() === 'error' && this.errors.push(message.text()));
  }

  evaluate(run, argument) { return this.page.evaluate(run, argument); }
  find(testId) { return this.page.getByTestId(testId); }
  button(name) { return this.page.getByRole('button', { name }); }
  click(testId) { return this.find(testId).click(); }

  open(address) { return goTo(this.page, address); }
  reload() { return reload(this.page); }

  // Makes a room on the start page and is its host. options: kind, roomName, password.
  async start(origin, options = {}) {
    await this.open(`${origin}/`);
    await this.find('name').fill(this.name);
    if (options.kind) await this.find(`kind-${options.kind}`).check({ force: true });
    if (options.roomName || options.password) await this.page.getByText('More options').click();
    if (options.roomName) await this.page.getByLabel('Room name').fill(options.roomName);
    if (options.password) await this.find('password').fill(options.password);
    await this.click('start');
    await this.inRoom();
    this.link = this.page.url();
    return this.link;
  }

  // Goes in by the link, through the lobby. options: password, camera (false: turned off before), refused.
  async join(link, options = {}) {
    await this.open(link);
    await this.find('name').fill(this.name);
    if (options.camera === false) await this.page.locator('[data-testid="cam-toggle"][data-on="true"]').click();
    if (options.password) await this.find('password').fill(options.password);
    await this.click('join');
    if (options.refused) return;
    await this.inRoom();
    this.link = link;
  }

  async inRoom() {
    await this.isConnected();
    this.id = await this.ownId();
  }

  async isConnected() {
    await this.page.locator('[data-testid="status"][data-state="joined"]').waitFor();
  }

  // Undefined for a viewer, who has no tile.
  async ownId() {
    const tile = this.page.locator('[data-self="true"][data-testid^="tile-"]');
    const viewer = this.page.locator('[data-testid="mic-toggle"]');
    await eventually(`${this.name} is on the stage or in front of it`, async () => (await tile.count()) + (await viewer.count()) !== 1);
    return (await tile.count()) === 1 ? (await tile.getAttribute('data-testid')).slice('tile-'.length) : undefined;
  }

  tile(id) { return this.find(`tile-${id}`); }

  async openPanel(which) {
    const toggle = this.find(`${which}-toggle`);
    if (await toggle.getAttribute('aria-expanded') === 'false') await toggle.click();
  }

  async say(text) {
    await this.openPanel('chat');
    await this.find('chat-input').fill(text);
    await this.click('chat-send');
  }

  // What the chat shows: the messages that the server has ordered.
  async messages() {
    return this.find('chat-message').evaluateAll((items) =>
      items.map((item) => ({ seq: Number(item.dataset.seq), text: item.querySelector('.message-text').textContent })));
  }

  async reads(texts) {
    await this.openPanel('chat');
    await eventually(`${this.name} reads ${texts}`, async () => {
      const shown = (await this.messages()).map(({ text }) => text);
      if (JSON.stringify(shown) !== JSON.stringify(texts)) throw new Error(`shown: ${shown}`);
      return true;
    });
    const order = (await this.messages()).map(({ seq }) => seq);
    assert.deepEqual(order, [...order].sort((a, b) => a - b), 'messages stand in the order of their seq');
  }

  // The failure that the page shows, as a whole page or as a notice.
  async fails(code) {
    const shown = this.page.locator(`[data-testid="failure"][data-code="${code}"]`).first();
    await shown.waitFor();
    const text = await shown.innerText();
    assert.ok(text.trim().length > 20, `${code} is told in words: ${text}`);
    return shown;
  }

  // A page of failure says what happened and has a button that leads on.
  async failurePage(code) {
    const shown = await this.fails(code);
    await shown.getByRole('heading').waitFor();
    await shown.getByRole('button').first().waitFor();
    return shown;
  }

  async manage(id, action) {
    await this.openPanel('people');
    const person = this.find(`person-${id}`);
    const button = this.find(`manage-${id}`);
    if (await button.getAttribute('aria-expanded') === 'false') await button.click();
    await person.getByRole('button', { name: action, exact: true }).click();
  }

  // Presses that button of the question that the page asks.
  async answer(word) {
    const question = this.page.getByRole('dialog');
    await question.getByRole('button', { name: word, exact: true }).click();
    await question.waitFor({ state: 'detached' });
  }

  async leave() {
    await this.click('leave');
    await this.failurePage('left');
  }
}
