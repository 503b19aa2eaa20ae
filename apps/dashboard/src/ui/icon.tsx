/** The drawings of the page, on a grid of 16. They are beside words, or the control has a label: none is alone. */
const PATHS = {
  pause: 'M5 3v10M11 3v10',
  play: 'M4.5 3v10l8-5z',
  close: 'M4 4l8 8M12 4l-8 8',
  warning: 'M8 2 14.5 13.5h-13zM8 6.5v3.2M8 11.6v.2',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 7.2v4M8 4.9v.2',
  help: 'M5.5 5.500a2.500 2.500 0 1 1 3.800 2.100C8.400 8.200 8 8.700 8 9.700M8 12.400v.2',
  check: 'M3 8.5 6.5 12 13 4.5',
  light:
    'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.1 1.1M11.9 11.9 13 13M13 3l-1.1 1.1M4.1 11.9 3 13',
  dark: 'M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7',
  auto: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 2v12M8 5h4M8 8h6M8 11h4',
  menu: 'M2 4h12M2 8h12M2 12h12',
  key: 'M5.5 10.5a3 3 0 1 1 2.8-4H14v3h-2V8H8.3a3 3 0 0 1-2.8 2.5',
  copy: 'M6 6h7v7H6zM10 6V3H3v7h3',
  hand: 'M5 8V4a1 1 0 0 1 2 0V3a1 1 0 0 1 2 0v1a1 1 0 0 1 2 0v5c0 3-1.5 5-4 5-2 0-3-1-4-3L2 8.500a1 1 0 0 1 1.600-1z',
  next: 'M6 3l5 5-5 5',
  previous: 'M10 3 5 8l5 5',
  ring: 'M8 12.5A4.5 4.5 0 1 0 8 3.500a4.5 4.5 0 0 0 0 9',
  again: 'M13 8a5 5 0 1 1-1.500-3.600M13 2v3.500H9.500',
  download: 'M8 2v8M4.500 7 8 10.500 11.500 7M3 13.500h10',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 4.8V8l2.200 1.500',
  unload: 'M3 9.500 8 3.500l5 6zM3 13h10',
  skip: 'M3 3v10l6-5zM12 3v10',
} as const

export type IconName = keyof typeof PATHS

export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
    <path d={PATHS[name]} />
  </svg>
)
