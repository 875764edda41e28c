// Many buttons as one stop of the Tab key: arrows, Home and End go from one to another.

import type { TargetedEvent, TargetedKeyboardEvent } from "preact";
import { useState } from "preact/hooks";

/** Props of the element around the buttons, and the tabIndex of each. */
export function useRoving() {
  const [at, setAt] = useState(0);
  return {
    around: {
      onKeyDown(event: TargetedKeyboardEvent<HTMLElement>): void {
        const next = neighbour(buttonsIn(event.currentTarget), event.key);
        if (next === undefined) return;
        event.preventDefault();
        next.focus();
      },
      onFocusIn({ currentTarget, target }: TargetedEvent<HTMLElement>): void {
        setAt(Math.max(0, buttonsIn(currentTarget).indexOf(target as HTMLButtonElement)));
      },
    },
    /** @param count  how many there are now */
    tabIndex: (i: number, count: number): number => (i === Math.min(at, count - 1) ? 0 : -1),
  };
}

/** Those that are in sight: a narrow page may hide some. */
function buttonsIn(place: HTMLElement): HTMLButtonElement[] {
  return [...place.querySelectorAll("button")].filter((button) => button.offsetParent !== null);
}

function neighbour(buttons: readonly HTMLButtonElement[], key: string): HTMLButtonElement | undefined {
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  const here = buttons[at]?.getBoundingClientRect();
  if (here === undefined) return undefined;
  // the next one above or below, whatever the number of columns is
  const below = (button: HTMLButtonElement): number => {
    const { left, top } = button.getBoundingClientRect();
    return Math.abs(left - here.left) < here.width / 2 ? top - here.top : 0;
  };
  switch (key) {
    case "ArrowRight":
      return buttons[at + 1];
    case "ArrowLeft":
      return buttons[at - 1];
    case "Home":
      return buttons[0];
    case "End":
      return buttons.at(-1);
    case "ArrowDown":
      return buttons.find((button) => below(button) > 1);
    case "ArrowUp":
      return buttons.findLast((button) => below(button) < -1);
    default:
      return undefined;
  }
}
