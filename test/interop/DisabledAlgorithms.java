import java.security.AlgorithmParameters;
import java.security.CryptoPrimitive;
import java.util.EnumSet;
import sun.security.util.DisabledAlgorithmConstraints;

/** Prints, for a security property and names of signatures, which of them the property permits. */
public class DisabledAlgorithms {
  public static void main(String[] arguments) {
    DisabledAlgorithmConstraints constraints = new DisabledAlgorithmConstraints(arguments[0]);
    for (int index = 1; index < arguments.length; index++) {
      EnumSet<CryptoPrimitive> use = EnumSet.of(CryptoPrimitive.SIGNATURE);
      AlgorithmParameters none = null;
      if (constraints.permits(use, arguments[index], none)) System.out.println(arguments[index]);
    }
  }
}
