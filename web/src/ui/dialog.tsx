/** A modal dialog: the browser's own, so that focus, Esc and the inert page behind it are right. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { focusHome } from './focus';

interface DialogProps {
  label: string;
  test: string;
  onClose: () => void;
  /** Id of what gets the focus afterwards, where what opened the dialog has done its work. */
  then?: { current: string | null };
  children: ComponentChildren;
}

export function Dialog(props: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    ref.current?.showModal();
    return () => {
      const next = props.then?.current ? document.getElementById(props.then.current) : null;
      if (next) next.focus();
      else if (opener instanceof HTMLElement && opener !== document.body && opener.isConnected) opener.focus();
      else focusHome();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      aria-label={props.label}
      data-test={props.test}
      onClose={props.onClose}
      // Esc closes the dialog alone, not what it was opened from.
      onKeyDown={(event) => event.key === 'Escape' && event.stopPropagation()}
    >
      {props.children}
    </dialog>
  );
}
