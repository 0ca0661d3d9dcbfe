import java.nio.ByteBuffer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/** Prints the first message of a client that the system properties set up. */
public class ClientHello {
  public static void main(String[] arguments) throws Exception {
    SSLEngine engine = SSLContext.getDefault().createSSLEngine("localhost", 443);
    engine.setUseClientMode(true);
    ByteBuffer record = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    engine.wrap(ByteBuffer.allocate(0), record);
    record.flip();
    StringBuilder text = new StringBuilder();
    while (record.hasRemaining()) text.append(String.format("%02x", record.get()));
    System.out.println(text);
  }
}
