package dev.hufu.server.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Hands the identity in force to handshakes. A handshake asks twice, by the name it got first: the identity before the last
 * change is kept for those that are under way. Thread-safe.
 */
final class ServerKeys extends X509ExtendedKeyManager {
    /** @param before null until the first change */
    private record Kept(
            long generation, Identity now, @Nullable Identity before) {
        @Nullable
        Identity named(String alias) {
            if (alias.equals(Long.toString(generation))) {
                return now;
            }
            return alias.equals(Long.toString(generation - 1)) ? before : null;
        }
    }

    private final AtomicReference<Kept> kept;

    ServerKeys(Identity first) {
        kept = new AtomicReference<>(new Kept(1, first, null));
    }

    void replace(Identity next) {
        kept.updateAndGet(old -> new Kept(old.generation() + 1, next, old.now()));
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
            String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        Kept current = kept.get();
        return keyType.equals(current.now().keyType()) ? Long.toString(current.generation()) : null;
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return chooseEngineServerAlias(keyType, issuers, null);
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
        Identity named = kept.get().named(alias);
        return named == null ? null : named.chain().toArray(X509Certificate[]::new);
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
        Identity named = kept.get().named(alias);
        return named == null ? null : named.key();
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        String alias = chooseEngineServerAlias(keyType, issuers, null);
        return alias == null ? null : new String[] {alias};
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }
}
