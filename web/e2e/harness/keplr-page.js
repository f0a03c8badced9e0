// The object a wallet puts into every page. It only carries calls to the wallet outside the page
// (harness/keplr.ts): as with a real one, no key is ever in the page.
(() => {
  const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
  const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const call = async (method, ...args) => {
    const reply = await window.__wallet(method, args);
    if (reply.error !== undefined) throw new Error(reply.error);
    return reply.value;
  };
  const carried = (doc) => ({
    bodyBytes: hex(doc.bodyBytes),
    authInfoBytes: hex(doc.authInfoBytes),
    chainId: doc.chainId,
    accountNumber: String(doc.accountNumber),
  });
  const signDirect = async (chain, signer, doc) => {
    const reply = await call('signDirect', chain, signer, carried(doc));
    const { signed, signature } = reply;
    const bytes = { bodyBytes: unhex(signed.bodyBytes), authInfoBytes: unhex(signed.authInfoBytes) };
    return { signed: { ...signed, ...bytes }, signature };
  };
  const getKey = async (chain) => {
    const key = await call('getKey', chain);
    return { ...key, pubKey: unhex(key.pubKey), address: unhex(key.address) };
  };
  const signAmino = (chain, signer, doc) => call('signAmino', chain, signer, doc);
  const getAccounts = async (chain) => {
    const key = await getKey(chain);
    return [{ address: key.bech32Address, algo: 'secp256k1', pubkey: key.pubKey }];
  };
  const signer = (chain) => ({
    getAccounts: () => getAccounts(chain),
    signDirect: (address, doc) => signDirect(chain, address, doc),
    signAmino: (address, doc) => signAmino(chain, address, doc),
  });
  window.keplr = {
    version: '0.12.200',
    mode: 'extension',
    defaultOptions: {},
    enable: (chains) => call('enable', chains),
    disable: async () => undefined,
    experimentalSuggestChain: (info) => call('experimentalSuggestChain', JSON.parse(JSON.stringify(info))),
    getKey,
    signDirect,
    signAmino,
    getOfflineSigner: signer,
    getOfflineSignerOnlyAmino: signer,
    getOfflineSignerAuto: async (chain) => signer(chain),
  };
})();
