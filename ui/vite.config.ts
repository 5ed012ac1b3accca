import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // The same files are served by the desktop shell under its own scheme and by `tamis serve` over loopback HTTP.
  base: "./",
  plugins: [svelte()],
  build: {
    outDir: "dist",
    target: "safari16",
    // The content security policy allows no `data:` addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // Svelte has a build for servers and one for browsers; component tests mount the latter.
  resolve: process.env.VITEST ? { conditions: ["browser"] } : {},
  test: { include: ["test/**/*.test.ts"], testTimeout: 10_000 },
});
