// The key to the control service of `tamis serve`, handed over in the address after the `#`, which browsers do not send.

const KEY = "tamis-token";

/** The parts of `window` that are needed here. */
export interface Place {
  location: Pick<Location, "hash" | "pathname" | "search">;
  history: Pick<History, "replaceState">;
  sessionStorage: Pick<Storage, "getItem" | "setItem">;
}

/** The token in a fragment such as `#token=abc`; null when there is none. */
export function tokenIn(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, "")).get("token") || null;
}

/**
 * Takes the token out of the address bar, where it could be read over a shoulder or bookmarked, and keeps it for this
 * tab; without one in the address, the one kept earlier. Null when there is neither.
 */
export function rememberToken(place: Place): string | null {
  const token = tokenIn(place.location.hash);
  if (token === null) return kept(place);
  place.history.replaceState(null, "", place.location.pathname + place.location.search);
  try {
    place.sessionStorage.setItem(KEY, token);
  } catch {
    // A browser may forbid storage; then the token lasts until the page is loaded again.
  }
  return token;
}

function kept(place: Place): string | null {
  try {
    return place.sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
