/** A modal dialog: the browser's own, so that focus, Esc and the inert page behind it are right. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { focusHome } from './focus';

export function Dialog(props: { label: string; test: string; onClose: () => void; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    ref.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement && opener !== document.body && opener.isConnected) opener.focus();
      else focusHome();
    };
  }, []);
  return (
    <dialog ref={ref} aria-label={props.label} data-test={props.test} onClose={props.onClose}>
      {props.children}
    </dialog>
  );
}
