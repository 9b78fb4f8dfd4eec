/** The key that the mock provider wants to see; the bare proxy has it, the gateway is given it to keep. */
export const PROVIDER_KEY = 'sk-mock-0123456789abcdefghijklmnopqrstuvwxyz';
/** The gateway's admin token during a run. */
export const ADMIN_TOKEN = 'aig_bench-bench-bench-bench-bench-bench-bench-0';
