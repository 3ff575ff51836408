import { useEffect, useState } from 'preact/hooks';
import { capture } from '../browser.js';
import { loadSettings, saveSettings } from '../storage.js';
import { useCapture } from './hooks.js';
import { Dialog } from './parts.js';
import { DeviceFailures, DevicePickers } from './preview.js';

// Who only watches has no devices to choose.
export function SettingsDialog({ publishes, onClose }: { publishes: boolean; onClose(): void }) {
  const state = useCapture();
  useEffect(() => void capture.refreshDevices(), []);
  return (
    <Dialog title="Settings" onClose={onClose} class="dialog-small">
      {publishes && (
        <>
          <DeviceFailures state={state} />
          {state.devices.length === 0 && (
            <p class="quiet-text">No device is known yet. Turn on your camera or microphone first; the browser asks you then.</p>
          )}
          <DevicePickers />
        </>
      )}
      <ShortcutsSwitch />
    </Dialog>
  );
}

function ShortcutsSwitch() {
  const [on, setOn] = useState(loadSettings().shortcuts);
  const change = (next: boolean) => {
    saveSettings({ shortcuts: next });
    setOn(next);
  };
  return (
    <div class="check">
      <label>
        <input
          type="checkbox"
          checked={on}
          data-testid="shortcuts"
          aria-describedby="shortcuts-hint"
          onChange={(event) => change(event.currentTarget.checked)}
        />
        Single-key shortcuts (M, V, C)
      </label>
      <p class="field-hint" id="shortcuts-hint">
        M turns the microphone on and off, V the camera; C opens the chat.
      </p>
    </div>
  );
}
