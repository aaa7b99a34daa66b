from bias_transfer.commands.audit import audit as audit
from bias_transfer.commands.callback import BiasCallback as BiasCallback
from bias_transfer.commands.swap import swap as swap
from bias_transfer.commands.transfer import transfer as transfer

__version__: str
