/** Keeps a fault in one part from taking the rest of the page with it: a plain sentence stands in its place. */
import { Component, type ComponentChildren } from 'preact';
import { t } from '../i18n';

interface Props {
  /** When this changes the part is tried again. */
  of: unknown;
  children: ComponentChildren;
}

interface State {
  fault: string | null;
}

export class Boundary extends Component<Props, State> {
  override state: State = { fault: null };

  static override getDerivedStateFromError(thrown: unknown): State {
    return { fault: thrown instanceof Error ? thrown.message : String(thrown) };
  }

  override componentDidUpdate(before: Props): void {
    if (this.state.fault !== null && before.of !== this.props.of) this.setState({ fault: null });
  }

  override render({ children }: Props, { fault }: State): ComponentChildren {
    if (fault === null) return children;
    return (
      <div class="notice apart broken" role="alert">
        <p>{t('app.broken')}</p>
        <details>
          <summary>{t('detail')}</summary>
          <pre>{fault}</pre>
        </details>
      </div>
    );
  }
}
