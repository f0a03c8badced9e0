/** The few icons of the page: 16 px strokes in the colour of the text, silent for screen readers. */
const PATHS = {
  arrowUp: 'M8 13V3M3.5 7.5 8 3l4.5 4.5',
  check: 'm3 8.5 3.2 3.2L13 5',
  chevronLeft: 'M10 3 5 8l5 5',
  chevronRight: 'm6 3 5 5-5 5',
  chevronDown: 'm3 6 5 5 5-5',
  copy: 'M5.5 5.5V3h7.5v7.5h-2.5M3 5.5h7.5V13H3z',
  cross: 'm3.5 3.5 9 9m0-9-9 9',
  download: 'M8 2.5v7m-3-2.8 3 3 3-3M3 13h10',
  edit: 'm3 13 .6-2.8L10.8 3l2.2 2.2-7.2 7.2z',
  link: 'M7 9.2a2.6 2.6 0 0 0 3.7 0l2-2A2.6 2.6 0 0 0 9 3.5l-.8.8M9 6.8a2.6 2.6 0 0 0-3.7 0l-2 2A2.6 2.6 0 0 0 7 12.5l.8-.8',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  plus: 'M8 3v10M3 8h10',
  retry: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5V5h-2.5',
  sliders: 'M2.5 5h6m3 0h2M2.5 11h2m3 0h6M8.5 3.2v3.6M5.5 9.2v3.6',
  stop: 'M4.5 4.5h7v7h-7z',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.2m0 10.6v1.2M1.5 8h1.2m10.6 0h1.2M3.4 3.4l.8.8m7.6 7.6.8.8m0-9.2-.8.8m-7.6 7.6-.8.8',
  thumbDown:
    'M5 9.5 7.4 14c1-.1 1.6-.9 1.6-1.9V10h3.2a1.3 1.3 0 0 0 1.3-1.5l-.8-4.4A1.3 1.3 0 0 0 11.4 3H5zM5 9.5H2.5V3H5',
  thumbUp:
    'M5 6.5 7.4 2C8.4 2.1 9 2.9 9 3.9V6h3.2a1.3 1.3 0 0 1 1.3 1.5l-.8 4.4a1.3 1.3 0 0 1-1.3 1.1H5zM5 6.5H2.5V13H5',
  system: 'M2.5 3.5h11v7h-11zM6 13h4',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width={name === 'more' ? 2 : 1.5}
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
