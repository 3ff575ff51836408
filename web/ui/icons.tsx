// Line icons, 24 by 24, in the colour of the text. They say nothing by themselves: the control does.

import type { ComponentChildren } from 'preact';

function icon(children: ComponentChildren) {
  return function Icon({ size = 22 }: { size?: number }) {
    return (
      <svg
        class="icon"
        width={size}
        height={size}
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        stroke-width="1.8"
        stroke-linecap="round"
        stroke-linejoin="round"
        aria-hidden="true"
        focusable="false"
      >
        {children}
      </svg>
    );
  };
}

const slash = <path d="M4 4l16 16" />;
const microphone = (
  <>
    <rect x="9" y="3" width="6" height="11" rx="3" />
    <path d="M5.500 11.500a6.500 6.500 0 0 0 13 0M12 18v3" />
  </>
);
const camera = (
  <>
    <rect x="3" y="6.500" width="12.500" height="11" rx="2.500" />
    <path d="M15.500 10.500l5-2.500v8l-5-2.500" />
  </>
);

export const MicIcon = icon(microphone);
export const MicOffIcon = icon(<>{microphone}{slash}</>);
export const CameraIcon = icon(camera);
export const CameraOffIcon = icon(<>{camera}{slash}</>);
export const ScreenIcon = icon(
  <>
    <rect x="3" y="4.500" width="18" height="12" rx="2" />
    <path d="M12 13.500v-6M9.500 9.700L12 7.200l2.500 2.500M8.500 20h7" />
  </>,
);
export const SlidersIcon = icon(
  <path d="M4 7h9M17 7h3M4 17h3M11 17h9M15 4.800v4.400M9 14.800v4.400" />,
);
export const ChatIcon = icon(
  <path d="M20 11.500a7.500 7.500 0 0 1-10.900 6.700L4.500 19.500l1.300-4.300A7.500 7.500 0 1 1 20 11.500z" />,
);
export const PeopleIcon = icon(
  <>
    <circle cx="9" cy="8.500" r="3.500" />
    <path d="M2.800 19.500c.6-3.300 3-5 6.200-5s5.600 1.700 6.200 5M15.500 5.300a3.500 3.500 0 0 1 0 6.400M17.500 14.900c2 .6 3.300 2.200 3.700 4.600" />
  </>,
);
export const LinkIcon = icon(
  <path d="M10 14a4.200 4.200 0 0 0 6 0l3-3a4.200 4.200 0 1 0-6-6l-1 1M14 10a4.200 4.200 0 0 0-6 0l-3 3a4.200 4.200 0 1 0 6 6l1-1" />,
);
export const CopyIcon = icon(
  <>
    <rect x="8.500" y="8.500" width="11.500" height="11.500" rx="2.500" />
    <path d="M15.500 5.800A2 2 0 0 0 13.700 4H6a2 2 0 0 0-2 2v7.700a2 2 0 0 0 1.800 1.800" />
  </>,
);
export const LeaveIcon = icon(
  <path d="M3.200 14.800c-.9-3.500 4-6.300 8.800-6.300s9.700 2.800 8.800 6.300c-.2.800-1 1.200-1.800 1l-2.600-.7c-.7-.2-1.200-.8-1.100-1.500l.1-1.300c-2.200-.7-4.600-.7-6.800 0l.1 1.300c.1.700-.4 1.300-1.100 1.500l-2.600.7c-.8.2-1.600-.2-1.800-1z" />,
);
export const SendIcon = icon(<path d="M5 12h13M12.500 6l6 6-6 6" />);
export const CloseIcon = icon(<path d="M6 6l12 12M18 6L6 18" />);
export const MoreIcon = icon(
  <>
    <circle cx="5.500" cy="12" r="1" fill="currentColor" />
    <circle cx="12" cy="12" r="1" fill="currentColor" />
    <circle cx="18.500" cy="12" r="1" fill="currentColor" />
  </>,
);
export const SmileIcon = icon(
  <>
    <circle cx="12" cy="12" r="8.500" />
    <path d="M8.500 14.200a4.200 4.200 0 0 0 7 0M9 9.500v.3M15 9.500v.3" />
  </>,
);
export const TrashIcon = icon(<path d="M4.500 7h15M9.500 7V4.500h5V7M6.500 7l.8 12.500h9.400L17.500 7M10.200 11v5M13.800 11v5" />);
export const LockIcon = icon(
  <>
    <rect x="5" y="10.500" width="14" height="9.500" rx="2.500" />
    <path d="M8.200 10.500V7.800a3.800 3.800 0 0 1 7.600 0v2.700" />
  </>,
);
export const SunIcon = icon(
  <>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 2.800v2M12 19.200v2M2.800 12h2M19.200 12h2M5.500 5.500l1.400 1.400M17.100 17.100l1.400 1.400M5.500 18.500l1.400-1.400M17.100 6.900l1.400-1.400" />
  </>,
);
export const MoonIcon = icon(<path d="M20 14.200A8 8 0 1 1 9.800 4a6.500 6.500 0 0 0 10.200 10.200z" />);
export const WarnIcon = icon(<path d="M12 4.200l8.800 15.300H3.200zM12 10v4.300M12 17v.1" />);
export const SignalIcon = icon(<path d="M5 19v-3M10 19v-7M15 19V8M20 19V4.500" />);
export const SpeakerIcon = icon(<path d="M4 9.500v5h3.500L12 18.500v-13L7.500 9.500zM15.500 9a4.500 4.500 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11" />);
export const CheckIcon = icon(<path d="M5 12.500l4.500 4.500L19 7.500" />);
export const HandIcon = icon(
  <path d="M8 12V6a1.500 1.500 0 0 1 3 0v4.500M11 10.500V4.800a1.500 1.500 0 0 1 3 0v5.700M14 10.500V6.300a1.500 1.500 0 0 1 3 0V14a6.500 6.500 0 0 1-6.500 6.500c-2.600 0-4.200-1.200-5.400-3.400l-2-3.800a1.500 1.500 0 0 1 2.600-1.500L8 14.500" />,
);
export const CastIcon = icon(
  <path d="M12 13.500v7M8.500 20.500h7M8.800 14.200a4.500 4.500 0 1 1 6.400 0M6 17a8.500 8.500 0 1 1 12 0M12 11v.1" />,
);

export function Mark({ size = 32 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 64 64" aria-hidden="true" focusable="false">
      <rect width="64" height="64" rx="16" fill="#0d7264" />
      <path
        d="M12 24c3.300 16.500 6.500 20 9.500 20 5.500 0 6-17 10.500-17s5 17 10.500 17c3 0 6.200-3.500 9.500-20"
        fill="none"
        stroke="#fff"
        stroke-width="6"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
      <circle cx="32" cy="15.500" r="4.500" fill="#ffc66d" />
    </svg>
  );
}
