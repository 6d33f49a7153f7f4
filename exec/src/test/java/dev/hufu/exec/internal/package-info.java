/** Tests of the native launcher's Java side. */
@NullMarked
package dev.hufu.exec.internal;

import org.jspecify.annotations.NullMarked;
