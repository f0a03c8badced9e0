/**
 * The hash router: every page is a fragment, so the site works from any folder of any static host, a gateway's
 * `/ipfs/<cid>/` path included, with no rule on the server.
 */
import { signal } from '@preact/signals';

export type Route =
  | { page: 'chat'; id: string | null }
  | { page: 'tasks' }
  | { page: 'task'; id: number }
  | { page: 'workers' }
  | { page: 'worker'; address: string }
  | { page: 'network' }
  | { page: 'verify'; task: number | null }
  | { page: 'settings' }
  | { page: 'missing' };

/** Reads a fragment (`#/task/17`). Anything it does not know is `missing`, never an error. */
export function parseRoute(hash: string): Route {
  const [head = '', tail = '', ...rest] = hash
    .replace(/^#?\/?/, '')
    .split('/')
    .map(decodePart);
  if (rest.length > 0) return { page: 'missing' };
  switch (head) {
    case '':
      return tail === '' ? { page: 'chat', id: null } : { page: 'missing' };
    case 'c':
      return tail === '' ? { page: 'missing' } : { page: 'chat', id: tail };
    case 'task':
      return isTaskId(tail) ? { page: 'task', id: Number(tail) } : { page: 'missing' };
    case 'worker':
      return tail === '' ? { page: 'missing' } : { page: 'worker', address: tail };
    case 'verify':
      return { page: 'verify', task: isTaskId(tail) ? Number(tail) : null };
    case 'tasks':
    case 'workers':
    case 'network':
    case 'settings':
      return tail === '' ? { page: head } : { page: 'missing' };
    default:
      return { page: 'missing' };
  }
}

/** The fragment of a route: the inverse of `parseRoute`. */
export function routeHash(route: Route): string {
  switch (route.page) {
    case 'chat':
      return route.id === null ? '#/' : `#/c/${encodeURIComponent(route.id)}`;
    case 'task':
      return `#/task/${route.id}`;
    case 'worker':
      return `#/worker/${encodeURIComponent(route.address)}`;
    case 'verify':
      return route.task === null ? '#/verify' : `#/verify/${route.task}`;
    case 'missing':
      return '#/';
    default:
      return `#/${route.page}`;
  }
}

/** Task ids are chain counters: decimal, no sign, exact in a double. */
export function isTaskId(text: string): boolean {
  return /^(0|[1-9][0-9]{0,15})$/.test(text) && Number.isSafeInteger(Number(text));
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const route = signal<Route>(parseRoute(typeof location === 'undefined' ? '' : location.hash));

/** Goes to a page. `replace` leaves no step to go back to: for ids given after the fact. */
export function go(to: Route, replace = false): void {
  const hash = routeHash(to);
  if (replace) {
    history.replaceState(null, '', hash);
    route.value = to;
  } else {
    location.hash = hash;
  }
}

/** Follows the address bar; call once. */
export function startRouter(): void {
  addEventListener('hashchange', () => {
    route.value = parseRoute(location.hash);
  });
}
