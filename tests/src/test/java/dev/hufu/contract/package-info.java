/** The server and its OpenAPI document held to each other, over real sockets; and what is thrown at both of them. */
@NullMarked
package dev.hufu.contract;

import org.jspecify.annotations.NullMarked;
