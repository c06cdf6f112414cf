import { defineConfig, type Plugin } from "vite";

/** One file that needs no other: scripts and styles stand in the page itself. */
function oneFile(): Plugin {
  return {
    name: "one-file",
    enforce: "post",
    generateBundle(_, bundle) {
      const page = bundle["index.html"];
      if (page?.type !== "asset") throw new Error("The bundle has no index.html.");
      let html = String(page.source);
      for (const [name, part] of Object.entries(bundle)) {
        if (part === page) continue;
        const text = part.type === "chunk" ? part.code.replaceAll("</script", "<\\/script") : String(part.source);
        const tag = new RegExp(`[ ]*<(script|link)[^>]*"[^"]*${name}"[^>]*>(</script>)?\\n`);
        if (!tag.test(html)) throw new Error(`The page does not name ${name}.`);
        html = html.replace(tag, "");
        html = part.type === "chunk"
          ? html.replace("</body>", () => `<script type="module">${text}</script>\n</body>`)
          : html.replace("</head>", () => `<style>${text}</style>\n</head>`);
        delete bundle[name];
      }
      page.fileName = "explorer.html";
      page.source = html;
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [oneFile()],
  build: {
    target: "es2022",
    outDir: "../src/pellucid/explore",
    emptyOutDir: false,
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
});
