/** Hufu's REST API from Java: submit, wait, cancel, read output. */
@NullMarked
package dev.hufu.client;

import org.jspecify.annotations.NullMarked;
