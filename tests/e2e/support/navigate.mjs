// Going to a page, for everybody who does. Chromium breaks off what it loads, and shows an error page of its own, when an
// interface of the machine comes or goes: other tests make networks. A person loads again.
const networkChanged = /ERR_NETWORK_CHANGED|interrupted by another navigation to "chrome-error:/;
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
