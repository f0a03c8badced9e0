/**
 * Stable names of what a test may touch: every one is the value of a `data-test` attribute.
 *
 * They are part of the page's interface: renaming one breaks the browser tests, adding one is free. State that a test
 * waits for is carried by further `data-…` attributes of the same element, named in the comment beside it.
 */
export const testIds = {
  // Shell
  app: 'app', // data-page: chat | tasks | task | workers | worker | network | verify | settings | missing
  skipLink: 'skip-link',
  liveRegion: 'live-region', // the one polite status region
  navChat: 'nav-chat',
  navTasks: 'nav-tasks',
  navWorkers: 'nav-workers',
  navNetwork: 'nav-network',
  navVerify: 'nav-verify',
  navSettings: 'nav-settings',
  themeToggle: 'theme-toggle', // data-theme: system | light | dark
  menuToggle: 'menu-toggle', // narrow screens: opens the list of conversations

  // Wallet
  walletButton: 'wallet-button', // data-state: none | connecting | ready; data-kind: guest | keplr
  walletPanel: 'wallet-panel',
  walletGuest: 'wallet-guest', // "Use a guest key"
  walletKeplr: 'wallet-keplr', // "Connect Keplr"
  walletMissing: 'wallet-missing', // words shown when no wallet is installed
  walletSuggest: 'wallet-suggest', // "Add this network to the wallet"
  walletAddress: 'wallet-address',
  walletBalance: 'wallet-balance', // coins in the account; data-amount in the base denom
  walletPrepaid: 'wallet-prepaid', // prepaid balance in the contract; data-amount in the base denom
  walletFaucet: 'wallet-faucet', // "Get coins"
  walletWithdraw: 'wallet-withdraw', // takes the prepaid balance out
  walletDisconnect: 'wallet-disconnect',
  walletNotice: 'wallet-notice', // data-code: the error code of what is wrong with the wallet now

  // Session
  sessionBar: 'session-bar', // data-state: none | active | ending | ended
  sessionTime: 'session-time',
  sessionCalls: 'session-calls', // data-calls
  sessionFees: 'session-fees', // data-amount in the base denom
  sessionStart: 'session-start', // opens the grant dialog
  sessionEnd: 'session-end',
  grantDialog: 'grant-dialog',
  grantWords: 'grant-words',
  grantMinutes: 'grant-minutes', // a select: 10 | 30 | 60 | 180 | 720
  grantCalls: 'grant-calls', // a number field
  grantDeposit: 'grant-deposit', // a number field, in the display denom
  grantConfirm: 'grant-confirm',
  grantCancel: 'grant-cancel',

  // Conversations
  conversationNew: 'conversation-new',
  conversationSearch: 'conversation-search',
  conversationList: 'conversation-list',
  conversationItem: 'conversation-item', // data-id
  conversationMenu: 'conversation-menu',
  conversationRename: 'conversation-rename',
  conversationRenameInput: 'conversation-rename-input',
  conversationDelete: 'conversation-delete',
  conversationDeleteConfirm: 'conversation-delete-confirm',
  conversationExport: 'conversation-export',
  conversationImport: 'conversation-import', // a file field

  // Composer
  composer: 'composer',
  composerInput: 'composer-input',
  composerSend: 'composer-send',
  composerStop: 'composer-stop',
  composerPrice: 'composer-price', // data-amount: the escrow in the base denom
  composerNote: 'composer-note', // why sending is not possible now
  modelPicker: 'model-picker', // a select of model ids
  modelFacts: 'model-facts',
  committeeSize: 'committee-size', // a select
  committeeChoice: 'committee-choice', // the sizes with their prices and odds
  committeeOption: 'committee-option', // a radio field; data-size
  committeeOdds: 'committee-odds', // a table; of the chosen size
  settingsToggle: 'ask-settings-toggle',
  settingsPanel: 'ask-settings',
  setTemperature: 'set-temperature',
  setMaxTokens: 'set-max-tokens',
  setSeed: 'set-seed',
  setFresh: 'set-fresh',

  // A turn
  question: 'question',
  answerCard: 'answer-card', // data-stage: the Stage of ask.ts; data-task; data-hash (pending transaction)
  answerText: 'answer-text', // present once the text is verified, never before
  strands: 'strands', // data-size, data-committed, data-revealed, data-agree, data-dissent, data-silent
  stages: 'stages',
  stage: 'stage', // data-stage, data-state: waiting | current | done | failed
  receiptLine: 'receipt-line', // a button: opens the proof
  errorCard: 'error-card', // data-code
  errorMessage: 'error-message',
  errorNext: 'error-next', // the next step: text or a button
  errorCarry: 'error-carry', // sends a refused prompt inside the transaction
  errorAction: 'error-action', // the button of the next step, where there is one
  errorDetail: 'error-detail', // a disclosure
  hashMismatch: 'hash-mismatch', // the red warning; the text is not in the page
  copyAnswer: 'copy-answer',
  retry: 'retry', // opens the choice
  retrySeed: 'retry-seed',
  retryModel: 'retry-model',
  retrySame: 'retry-same', // after a failure
  editLast: 'edit-last',
  share: 'share',
  takePrevious: 'take-previous', // previous answer of the same turn
  takeNext: 'take-next',
  jumpLatest: 'jump-latest',

  // Proof (beside the conversation, and on the task page)
  proof: 'proof',
  proofClose: 'proof-close',
  proofBallots: 'proof-ballots', // a table
  proofMoney: 'proof-money',
  downloadReceipt: 'download-receipt',
  checkAgain: 'check-again',
  checkList: 'check-list',
  check: 'check', // data-name, data-ok: true | false
  verdict: 'verdict', // data-ok: true | false
  cid: 'cid', // data-cid: the whole identifier; a button that copies it
  txLink: 'tx-link', // data-hash

  // Rounds, appeal, rating (beside the conversation, and on the task page)
  rounds: 'rounds', // where there is more than one
  round: 'round', // data-round, data-kind: open | agreed | confirmed | overturned | undecided | closed; data-size
  verdictLater: 'verdict-later', // data-kind: what later rounds made of the outcome
  replaced: 'replaced',
  appealed: 'appealed', // data-outcome: open | won | lost | contested
  appealBox: 'appeal-box',
  appealLeft: 'appeal-left', // data-blocks
  appealOpen: 'appeal-open',
  appealDialog: 'appeal-dialog',
  appealStakes: 'appeal-stakes',
  appealSigner: 'appeal-signer', // who signs, and how many popups that is
  appealConfirm: 'appeal-confirm', // data-bond in the base denom
  appealCancel: 'appeal-cancel',
  rateBox: 'rate-box',
  rateGood: 'rate-good',
  rateBad: 'rate-bad',
  rated: 'rated', // data-good
  stuckBox: 'stuck-box',
  stuckDo: 'stuck-do',
  contested: 'contested', // the mark wherever a contested answer is shown
  overturned: 'overturned', // the mark of an answer that took the place of another
  underAppeal: 'under-appeal', // the mark of an answer that a larger committee is asked about
  conflict: 'conflict',

  // Tasks
  tasksOpen: 'tasks-open',
  tasksDone: 'tasks-done',
  taskRow: 'task-row', // data-task, data-status
  tasksMore: 'tasks-more',
  taskPage: 'task-page', // data-task, data-status
  taskAnswer: 'task-answer',
  taskPrompt: 'task-prompt',
  taskMatrix: 'task-matrix', // the dot matrix
  taskMatrixTable: 'task-matrix-table', // its table twin
  taskMinority: 'task-minority', // a text diff
  taskTransactions: 'task-transactions',
  taskCallback: 'task-callback',
  taskCarried: 'task-carried',

  // Workers and network
  workerRow: 'worker-row', // data-worker
  workerPage: 'worker-page', // data-worker
  networkPage: 'network-page',
  modelRow: 'model-row', // data-model
  modelRatings: 'model-ratings', // data-good, data-bad

  // Verify
  verifyInput: 'verify-input',
  verifyFile: 'verify-file',
  verifyRest: 'verify-rest',
  verifyRun: 'verify-run',
  verifyChain: 'verify-chain', // "Check against the chain"

  // Settings
  settingsRest: 'settings-rest',
  settingsRpc: 'settings-rpc',
  settingsFaucet: 'settings-faucet',
  settingsGateway: 'settings-gateway',
  settingsSave: 'settings-save',
  settingsReset: 'settings-reset',
  settingsTheme: 'settings-theme', // a select: system | light | dark
  settingsLanguage: 'settings-language', // a select
  settingsHosts: 'settings-hosts', // the hosts this page may talk to
  settingsExport: 'settings-export',
  settingsImport: 'settings-import',
  settingsClear: 'settings-clear',
  settingsClearConfirm: 'settings-clear-confirm',

  // Everywhere
  empty: 'empty',
  loading: 'loading',
  toast: 'toast', // silent for screen readers: the live region speaks
} as const;

export type TestId = (typeof testIds)[keyof typeof testIds];
