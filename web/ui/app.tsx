// Which page is shown.

import { useEffect, useState } from 'preact/hooks';
import { backGuard, capture } from '../browser.js';
import { placeOf, type Place } from '../place.js';
import { FailurePage } from './failure_page.js';
import { RoomPage } from './room_page.js';
import { StartPage, type Entry } from './start.js';

interface Shown {
  place: Place;
  entry: Entry | null; // already known: go in without asking
}

const here = (): Shown => ({ place: placeOf(location.pathname), entry: null });

function goTo(address: string): void {
  history.pushState(null, '', address);
  backGuard.moved();
}

export function App() {
  const [{ place, entry }, setShown] = useState(here);
  useEffect(() => {
    const onPop = () => {
      if (backGuard.popped()) return;
      capture.stop();
      setShown(here());
    };
    addEventListener('popstate', onPop);
    return () => removeEventListener('popstate', onPop);
  }, []);
  const goHome = () => {
    capture.stop();
    goTo('/');
    setShown({ place: { page: 'start' }, entry: null });
  };
  const goRoom = (room: string, entry: Entry) => {
    goTo(`/r/${room}`);
    setShown({ place: { page: 'room', room }, entry });
  };
  if (place.page === 'start') return <StartPage onStarted={goRoom} />;
  if (place.page === 'nowhere') return <FailurePage code="page_unknown" onWay={goHome} />;
  return <RoomPage key={place.room} name={place.room} entry={entry} onHome={goHome} />;
}
