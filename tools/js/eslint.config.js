import js from "@eslint/js";

export default [
  js.configs.recommended,
  {
    files: ["crl_probe/**/templates/js/*.js"],
    languageOptions: { sourceType: "script", ecmaVersion: 2022 },
    rules: {
      // The scripts share one scope, which the type checker knows and this linter does not.
      "no-undef": "off",
      "no-unused-vars": ["error", { vars: "local" }],
      "consistent-this": "error",
      "default-param-last": "off",
      eqeqeq: "error",
      "no-implicit-coercion": "error",
      "no-param-reassign": "error",
      "no-useless-rename": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-arrow-callback": "error",
      "prefer-const": "error",
      "prefer-template": "error",
    },
  },
];
