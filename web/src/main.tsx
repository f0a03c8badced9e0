import { render } from 'preact';
import { signal } from '@preact/signals';
import { loadNetwork } from './core/network';

const chain = signal('…');

function App() {
  return <main>Antiphon on {chain}</main>;
}

const root = document.getElementById('app');
if (root) render(<App />, root);
loadNetwork().then(
  (net) => (chain.value = net.chain_name),
  (error: Error) => (chain.value = error.message),
);
