// Going to a page, for everybody who does. Chromium breaks off what it loads when an interface of the machine comes or
// goes (other tests make networks), shows an error page of its own, and may load again by itself at any moment: each of
// these interrupts who goes somewhere. A person loads again.
const networkChanged = /ERR_NETWORK_CHANGED|ERR_ABORTED|interrupted by another navigation/;
const triesMax = 10;

async function again(load) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await load();
    } catch (error) {
      if (tries === triesMax || !networkChanged.test(error.message)) throw error;
    }
  }
}

export const goTo = (page, address) => again(() => page.goto(address));
export const reload = (page) => again(() => page.reload());
